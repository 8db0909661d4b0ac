// Typing that goes to several terminals at once: on only when a person says so, and never found on again after a start.
import { createStore } from "zustand/vanilla";

export interface BroadcastState {
  readonly isOn: boolean;
  /** Hosts whose terminals are open. */
  readonly members: ReadonlySet<string>;
}

export const broadcastStore = createStore<BroadcastState>(() => ({ isOn: false, members: new Set() }));

const senders = new Map<string, Set<(bytes: Uint8Array) => void>>();

export function joinBroadcast(host: string, send: (bytes: Uint8Array) => void): () => void {
  const own = senders.get(host) ?? new Set();
  own.add(send);
  senders.set(host, own);
  broadcastStore.setState({ members: new Set(senders.keys()) });
  return () => {
    own.delete(send);
    if (own.size === 0) senders.delete(host);
    broadcastStore.setState({ members: new Set(senders.keys()) });
  };
}

export function leaveBroadcast(): void {
  broadcastStore.setState({ isOn: false });
}

/** To all but the one in which it was typed, which has had it already. */
export function sayToOthers(host: string, bytes: Uint8Array): void {
  if (!broadcastStore.getState().isOn) return;
  for (const [name, sends] of senders) if (name !== host) for (const send of sends) send(bytes);
}
