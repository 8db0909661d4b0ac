// How high a line of a table or list is, in the density that the person has chosen; the styles have the same numbers (--row).
import { useStore } from "zustand";
import { settingsStore, type Density } from "../state/settings-store.ts";

const ROW_PX: Readonly<Record<Density, number>> = { normal: 24, compact: 20 };

export function useRowPx(): number {
  return ROW_PX[useStore(settingsStore, (state) => state.density)];
}
