// Typing to several terminals: only to those that were chosen, only while it is on.
import { afterEach, expect, test } from "vitest";
import {
  broadcastStore,
  chooseForBroadcast,
  joinBroadcast,
  othersOf,
  startBroadcast,
  stopBroadcast,
} from "../../../src-renderer/terminal-tab/broadcast.ts";

const leaves: (() => void)[] = [];
afterEach(() => {
  for (const leave of leaves.splice(0)) leave();
});

function join(id: string, heard: string[]): () => void {
  const leave = joinBroadcast(id, `host of ${id}`, {
    send: () => heard.push(`typed in ${id}`),
    paste: (text) => heard.push(`${text} in ${id}`),
  });
  leaves.push(leave);
  return leave;
}

function typeIn(id: string): void {
  for (const other of othersOf(id)) other.send(new Uint8Array(1));
}

test("goes to those that were chosen, from any of them, and from no other", () => {
  const heard: string[] = [];
  for (const id of ["a", "b", "c"]) join(id, heard);
  chooseForBroadcast(["a", "b"]);
  typeIn("a");
  expect(heard).toEqual([]);
  startBroadcast();
  typeIn("a");
  typeIn("b");
  typeIn("c");
  for (const other of othersOf("a")) other.paste("x");
  expect(heard).toEqual(["typed in b", "typed in a", "x in b"]);
  stopBroadcast();
  typeIn("a");
  expect(heard).toHaveLength(3);
});

test("is not started for one alone, and ends when one alone is left", () => {
  const heard: string[] = [];
  join("a", heard);
  const leave = join("b", heard);
  chooseForBroadcast(["a"]);
  startBroadcast();
  expect(broadcastStore.getState().isOn).toBe(false);
  chooseForBroadcast(["a", "b"]);
  startBroadcast();
  expect(broadcastStore.getState().isOn).toBe(true);
  leave();
  expect(broadcastStore.getState()).toMatchObject({ isOn: false, members: [{ id: "a" }] });
});

test("a terminal that is opened later does not hear it, and one that is taken out no more", () => {
  const heard: string[] = [];
  for (const id of ["a", "b", "c"]) join(id, heard);
  chooseForBroadcast(["a", "b", "c"]);
  startBroadcast();
  join("late", heard);
  chooseForBroadcast(["a", "b"]);
  typeIn("a");
  expect(heard).toEqual(["typed in b"]);
});
