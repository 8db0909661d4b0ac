// A view that shows hosts in detail says so for as long as it does.
import { useEffect, type RefObject } from "react";
import { watchHosts } from "../state/hosts-on-screen.ts";

/** `place`: what shows them. A tab behind another one stays as it is, and shows nothing. */
export function useWatchedHosts(hosts: readonly string[], place: RefObject<HTMLElement | null>): void {
  const key = hosts.join("\n");
  useEffect(() => {
    if (key === "") return undefined;
    const isShown = (): boolean => !document.hidden && (place.current?.getClientRects().length ?? 0) > 0;
    return watchHosts(key.split("\n"), isShown);
  }, [key, place]);
}
