// A view that shows hosts in detail says so for as long as it does.
import { useEffect } from "react";
import { watchHosts } from "../state/watched-hosts.ts";

export function useWatchedHosts(hosts: readonly string[]): void {
  const key = hosts.join("\n");
  useEffect(() => (key === "" ? undefined : watchHosts(key.split("\n"))), [key]);
}
