// How the output is shown: kept while its view is hidden, and set by whoever asks for the output of hosts.
import { createStore } from "zustand/vanilla";

export type OutputShown = "folded" | "time" | "host";

export interface OutputShownState {
  readonly shown: OutputShown;
  readonly onlySelected: boolean;
}

export const outputShownStore = createStore<OutputShownState>(() => ({
  shown: "folded",
  onlySelected: false,
}));
