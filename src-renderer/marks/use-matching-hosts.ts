// The hosts for which a filter's text holds: the same in the table, on the map and in the tree.
import { useMemo } from "react";
import { useStore } from "zustand";
import { childCounts, factsOf } from "#shared/host-query/host-facts.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { useHostQuery } from "./QueryField.tsx";

/** Undefined: there is no filter, all are meant. */
export function useMatchingHosts(text: string): ReadonlySet<string> | undefined {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const rows = useStore(hostsStore, (state) => state.rows);
  const query = useHostQuery(text);
  return useMemo(() => {
    if (text === "") return undefined;
    const children = childCounts(sorted);
    const { timeMs } = hostsStore.getState();
    const holds = sorted.filter((row) => query(factsOf(row, rows, children, timeMs)));
    return new Set(holds.map((row) => row.name));
  }, [sorted, rows, query, text]);
}
