// Screens: one write for each redraw, resize-safe, and lines left out (and counted) for slow readers.
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import {
  createLiveScreen,
  createPlainScreen,
  REDRAW_MS,
  TERMINAL_WAITING_CHARACTERS_MAX,
} from "../../../src-main/command-line/screen.ts";
import { createTestWorld } from "./test-world.ts";

test("live lines are drawn below printed lines, in one write for each redraw", () => {
  const world = createTestWorld({ terminal: true, columns: 40 });
  const screen = createLiveScreen(world.stdout, world.clock);
  screen.status(["a 1", "b 1"]);
  screen.status(["a 2", "b 2"]);
  world.advance(REDRAW_MS);
  expect(world.out.text()).toBe("\x1b[?2026h\ra 2\x1b[K\nb 2\x1b[K\x1b[J\x1b[?2026l");
  const before = world.out.text().length;
  screen.print(["line"]);
  world.advance(REDRAW_MS);
  expect(world.out.text().slice(before)).toBe(
    "\x1b[?2026h\x1b[1F\x1b[Jline\na 2\x1b[K\nb 2\x1b[K\x1b[J\x1b[?2026l",
  );
});

test("nothing is written when nothing has changed", () => {
  const world = createTestWorld({ terminal: true });
  const screen = createLiveScreen(world.stdout, world.clock);
  screen.status(["same"]);
  world.advance(REDRAW_MS);
  const before = world.out.text();
  screen.status(["same"]);
  world.advance(10 * REDRAW_MS);
  expect(world.out.text()).toBe(before);
});

test("after the terminal became narrower, all rows of the old lines are taken away", () => {
  const world = createTestWorld({ terminal: true, columns: 40 });
  const screen = createLiveScreen(world.stdout, world.clock);
  screen.status(["x".repeat(30), "y".repeat(30)]);
  world.advance(REDRAW_MS);
  Object.assign(world.stdout, { columns: 20 });
  const before = world.out.text().length;
  screen.status(["short"]);
  world.advance(REDRAW_MS);
  expect(world.out.text().slice(before)).toContain("\x1b[3F");
});

test("closing takes the live lines away", async () => {
  const world = createTestWorld({ terminal: true });
  const screen = createLiveScreen(world.stdout, world.clock);
  screen.status(["live"]);
  world.advance(REDRAW_MS);
  screen.print(["last"]);
  await screen.close();
  expect(world.out.text().endsWith("\x1b[?2026h\r\x1b[Jlast\n\x1b[J\x1b[?2026l")).toBe(true);
});

test("for a reader that is too slow, lines are left out and counted, in bounded memory", async () => {
  let text = "";
  let release: (() => void) | undefined;
  const slow = new Writable({
    highWaterMark: 1,
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk;
      if (release === undefined) release = done;
      else done();
    },
  });
  Object.assign(slow, { isTTY: true });
  const screen = createPlainScreen(slow);
  const line = "x".repeat(1024 * 1024 - 1);
  for (let index = 0; index < 20; index += 1) screen.print([line]);
  expect(text.length).toBeLessThan(2 * 1024 * 1024);
  release?.();
  await screen.close();
  expect(text).toMatch(/\[… \d+ lines are left out here/);
  expect(text.length).toBeLessThan(TERMINAL_WAITING_CHARACTERS_MAX + 4 * 1024 * 1024);
});
