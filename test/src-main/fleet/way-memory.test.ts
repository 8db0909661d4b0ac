// What has worked for which host outlives its controller, and no file can do harm.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WayMemory } from "../../../src-main/fleet/way-memory.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const host = (address: string, user?: string) => ({ address, user });

function open(path: string): Promise<WayMemory> {
  return WayMemory.open(path, (text) => {
    throw new Error(text);
  });
}

test("is written down when there is news, beside what another controller has written meanwhile", async () => {
  const path = join(temporaryFolder(), "ways.json");
  const [one, other] = [await open(path), await open(path)];
  one.note(host("a"), "ssh");
  other.note(host("a", "u"), "controller");
  expect(one.wayTo(host("a"))).toBe("ssh");
  await one.close();
  await other.close();
  const next = await open(path);
  expect([next.wayTo(host("a")), next.wayTo(host("a", "u")), next.wayTo(host("b"))]).toEqual([
    "ssh",
    "controller",
    undefined,
  ]);
  next.note(host("a"), "ssh");
  writeFileSync(path, "{}");
  await next.close();
  expect(readFileSync(path, "utf8")).toBe("{}");
});

test.each(["", "[1]", "null", '{"a": "pigeon"}', "\u0000"])("nothing is known from %j", async (text) => {
  const path = join(temporaryFolder(), "ways.json");
  writeFileSync(path, text);
  const memory = await open(path);
  expect(memory.wayTo(host("a"))).toBeUndefined();
  memory.note(host("a"), "client");
  await memory.close();
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ a: "client" });
});

test("a folder that cannot be written is told, and no harm", async () => {
  const told: string[] = [];
  const path = join(temporaryFolder(), "missing", "ways.json");
  const memory = await WayMemory.open(path, (text) => void told.push(text));
  memory.note(host("a"), "ssh");
  await memory.close();
  expect(told).toEqual([expect.stringContaining("cannot remember how hosts were reached")]);
  expect(existsSync(path)).toBe(false);
});
