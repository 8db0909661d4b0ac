// Typing that goes to several terminals at once: to those that a person has chosen, and never found on again after a start.
import { createStore } from "zustand/vanilla";

export interface BroadcastMember {
  readonly id: string;
  readonly host: string;
  /** What is typed reaches a host. */
  readonly isOpen: boolean;
}

export interface BroadcastState {
  readonly isOn: boolean;
  /** All terminals, the oldest first. */
  readonly members: readonly BroadcastMember[];
  /** Those that hear what is typed in any of them, once it is on. */
  readonly chosen: ReadonlySet<string>;
}

export interface BroadcastEnd {
  send(bytes: Uint8Array): void;
  /** As its own screen has it: programs say whether they want to know that it is a paste. */
  paste(text: string): void;
}

const NOBODY: BroadcastState = { isOn: false, members: [], chosen: new Set() };

export const broadcastStore = createStore<BroadcastState>(() => NOBODY);

const ends = new Map<string, BroadcastEnd>();

/** Returns what takes it out again. */
export function joinBroadcast(id: string, host: string, end: BroadcastEnd): () => void {
  ends.set(id, end);
  broadcastStore.setState(({ members }) => ({ members: [...members, { id, host, isOpen: false }] }));
  return () => {
    ends.delete(id);
    broadcastStore.setState(({ members, chosen, isOn }) => {
      const left = members.filter((member) => member.id !== id);
      const still = new Set([...chosen].filter((one) => one !== id));
      return { members: left, chosen: still, isOn: isOn && still.size > 1 };
    });
  };
}

export function tellBroadcast(id: string, isOpen: boolean): void {
  broadcastStore.setState(({ members }) => ({
    members: members.map((member) => (member.id === id ? { ...member, isOpen } : member)),
  }));
}

export function chooseForBroadcast(ids: Iterable<string>): void {
  const chosen = new Set(ids);
  broadcastStore.setState(({ isOn }) => ({ chosen, isOn: isOn && chosen.size > 1 }));
}

/** Nothing with fewer than two: there would be nobody else to hear it. */
export function startBroadcast(): void {
  broadcastStore.setState(({ chosen }) => ({ isOn: chosen.size > 1 }));
}

export function stopBroadcast(): void {
  broadcastStore.setState({ isOn: false });
}

/** The others that hear what is typed in this one. */
export function othersOf(id: string): readonly BroadcastEnd[] {
  const { isOn, chosen } = broadcastStore.getState();
  if (!isOn || !chosen.has(id)) return [];
  return [...chosen].flatMap((other) => (other === id ? [] : (ends.get(other) ?? [])));
}
