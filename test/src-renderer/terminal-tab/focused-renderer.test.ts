// Which terminal the graphics card draws: the one in focus, no other, and none where there is no card.
import { beforeEach, describe, expect, test } from "vitest";
import { FocusedRenderer } from "../../../src-renderer/terminal-tab/focused-renderer.ts";

interface Screen {
  readonly name: string;
}

describe("FocusedRenderer", () => {
  let notes: string[];
  let losers: Map<string, () => void>;
  let isRefused: boolean;
  let renderer: FocusedRenderer<Screen>;
  const [a, b] = [{ name: "a" }, { name: "b" }];

  beforeEach(() => {
    [notes, losers, isRefused] = [[], new Map(), false];
    renderer = new FocusedRenderer<Screen>(({ name }) => {
      if (isRefused) throw new Error("no WebGL");
      notes.push(`draws ${name}`);
      return {
        onContextLoss: (listener) => losers.set(name, listener),
        dispose: () => notes.push(`leaves ${name}`),
      };
    });
  });

  test("goes from one to the next with the focus, and stays where it is when the focus comes back", () => {
    for (const screen of [a, a, b]) renderer.focused(screen);
    expect(notes).toEqual(["draws a", "leaves a", "draws b"]);
  });

  test("leaves one whose context was lost, for good, and goes on with others", () => {
    renderer.focused(a);
    losers.get("a")!();
    renderer.focused(a);
    renderer.focused(b);
    losers.get("a")!();
    expect(notes).toEqual(["draws a", "leaves a", "draws b"]);
  });

  test("is not asked for again where it was refused", () => {
    isRefused = true;
    renderer.focused(a);
    isRefused = false;
    renderer.focused(b);
    expect(notes).toEqual([]);
  });

  test("a terminal that is closed gives it back", () => {
    renderer.focused(a);
    renderer.gone(b);
    renderer.gone(a);
    renderer.gone(a);
    expect(notes).toEqual(["draws a", "leaves a"]);
  });
});
