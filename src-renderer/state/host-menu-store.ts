// The menu of the chosen hosts that is open, and where: opened from wherever hosts are shown.
import { createStore } from "zustand/vanilla";
import { selectHosts, selectionStore } from "./selection-store.ts";

export interface OpenHostMenu {
  readonly x: number;
  readonly y: number;
  /** Another one each time: it is placed anew. */
  readonly id: number;
  /** What had the focus, and gets it again. */
  readonly focused: Element | null;
}

export const hostMenuStore = createStore<{ readonly open: OpenHostMenu | undefined }>(() => ({
  open: undefined,
}));

let menuCount = 0;

/** Hosts that are not chosen yet are chosen by it, as in every list of files; the acts are then those of the selection. */
export function openHostMenu(names: readonly string[], x: number, y: number): void {
  const [first] = names;
  if (first === undefined) return;
  const { hosts } = selectionStore.getState();
  if (!names.every((name) => hosts.has(name))) selectHosts(names, names.length === 1 ? first : undefined);
  menuCount += 1;
  hostMenuStore.setState({ open: { x, y, id: menuCount, focused: document.activeElement } });
}

export function closeHostMenu(): void {
  const { open } = hostMenuStore.getState();
  hostMenuStore.setState({ open: undefined });
  if (open?.focused instanceof HTMLElement) open.focused.focus({ preventScroll: true });
}
