// Output is folded by what it says, and every host's own words are still there.
import { expect, test } from "vitest";
import type { OutputStream } from "../../../src-renderer/state/output-texts-store.ts";
import {
  foldStreams,
  masked,
  MASK,
  wantedLines,
  type FoldChoice,
} from "../../../src-renderer/output-view/fold-streams-layout.ts";

const ALL: FoldChoice = { masks: true, stream: "both", block: undefined, run: undefined, search: "" };
const linesOf = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");
const wrote = (host: string, text: string, attempt = 1): OutputStream => ({
  run: "r",
  host,
  block: "p/c/e",
  process: "p",
  attempt,
  stream: "stdout",
  text,
  cut: 0,
  missingBytes: 0,
  marks: [],
});

test("what is alike but for numbers and names is one group, and each host's own text is in it", () => {
  const streams = [
    wrote("n10", "n10 joined as crawler 3\n"),
    wrote("n2", "n2 joined as crawler 0\n"),
    wrote("n3", "refused\n"),
    wrote("n4", "n4 joined as crawler 0\n"),
  ];
  const groups = foldStreams(streams, ALL, linesOf);
  expect(groups.map(({ hosts, texts }) => [hosts, texts.map((one) => [one.hosts, one.stream.text])])).toEqual(
    [
      [
        ["n2", "n4", "n10"],
        [
          [["n2"], "n2 joined as crawler 0\n"],
          [["n4"], "n4 joined as crawler 0\n"],
          [["n10"], "n10 joined as crawler 3\n"],
        ],
      ],
      [["n3"], [[["n3"], "refused\n"]]],
    ],
  );
});

test("texts that are the same to the letter are one, of most hosts first; a host that wrote twice counts once", () => {
  const streams = [wrote("a", "port 1"), wrote("b", "port 2"), wrote("c", "port 2"), wrote("c", "port 2", 2)];
  const [group] = foldStreams(streams, ALL, linesOf);
  expect(group?.texts.map(({ hosts }) => hosts)).toEqual([["b", "c"], ["a"]]);
  expect(group).toMatchObject({ hosts: ["a", "b", "c"], summary: "port 2", lines: ["port 2"] });
  expect(foldStreams(streams, { ...ALL, masks: false }, linesOf)).toHaveLength(2);
});

test("only lines that are looked for count", () => {
  const streams = [wrote("a", "Fine\nbad 1\n"), wrote("b", "other\nbad 2\n"), wrote("c", "fine\n")];
  const choice = { ...ALL, search: "bad" };
  const groups = foldStreams(streams, choice, linesOf);
  expect(groups.map(({ hosts }) => hosts)).toEqual([["a", "b"]]);
  expect(wantedLines(streams[0]!, choice, linesOf)).toEqual(["bad 1"]);
  expect(masked("a1 took 12.5 s at a", "a1")).toBe(`${MASK} took ${MASK} s at a`);
  expect(masked("bad: a.b (a.b)", "a.b")).toBe(`bad: ${MASK} (${MASK})`);
});
