// The hosts for which a filter's text holds: the same in the table, on the map and in the tree.
import { useMemo, useRef } from "react";
import { useStore } from "zustand";
import { FactsOfHosts } from "#shared/host-query/host-facts.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { useHostQuery } from "./QueryField.tsx";

/** Undefined: there is no filter, all are meant. The same set for as long as the same hosts are in it. */
export function useMatchingHosts(text: string): ReadonlySet<string> | undefined {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const rows = useStore(hostsStore, (state) => state.rows);
  const query = useHostQuery(text);
  const last = useRef<ReadonlySet<string>>(undefined);
  return useMemo(() => {
    if (text === "") return undefined;
    const facts = new FactsOfHosts(rows, hostsStore.getState().timeMs);
    const holds = sorted.filter((row) => query(facts.of(row)));
    const known = last.current;
    if (known?.size !== holds.length || !holds.every((row) => known.has(row.name)))
      last.current = new Set(holds.map((row) => row.name));
    return last.current;
  }, [sorted, rows, query, text]);
}
