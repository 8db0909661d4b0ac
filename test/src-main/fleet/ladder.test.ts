// Going along the ways to a client: their order, what is not tried again, and when it ends.
import { PassThrough, type Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import type { LinkWay } from "../../../src-shared/base/link-way.ts";
import type { ClientWay, WayResult } from "../../../src-main/deploy/deployment.ts";
import { climb, type LadderParts } from "../../../src-main/fleet/ladder.ts";

const away: WayResult = {
  kind: "failed",
  failure: { step: "dial", reason: "no answer", remedy: "", unreachable: true },
};
const refused: WayResult = {
  kind: "failed",
  failure: { step: "login", reason: "Permission denied", remedy: "", unreachable: false },
};

/** Ways that answer as told, one answer after the other; time passes as fast as it can. */
class Bench {
  readonly tried: LinkWay[] = [];
  readonly attached: LinkWay[] = [];
  readonly notes: string[] = [];
  readonly pauses: number[] = [];
  readonly stopping = new AbortController();
  readonly parts: LadderParts = {
    attach: (_stream, way) => {
      this.attached.push(way);
      this.onAttach();
    },
    pause: (ms) => {
      this.pauses.push(ms);
      return Promise.resolve();
    },
    random: () => 0.5,
    note: (way, reason) => void this.notes.push(`${way}: ${reason}`),
  };
  onAttach: () => void = () => undefined;

  way(way: LinkWay, answers: readonly (WayResult | Duplex)[]): ClientWay {
    let next = 0;
    return {
      way,
      open: () => {
        this.tried.push(way);
        const answer = answers[Math.min(next, answers.length - 1)] ?? away;
        next += 1;
        return Promise.resolve("kind" in answer ? answer : { kind: "stream", stream: answer });
      },
    };
  }

  climb(...ways: readonly ClientWay[]): Promise<void> {
    return climb(ways, this.stopping.signal, this.parts);
  }
}

describe("a ladder", () => {
  test("goes down until the client is attached", async () => {
    const bench = new Bench();
    bench.onAttach = () => bench.stopping.abort();
    const stream = new PassThrough();
    await bench.climb(bench.way("controller", [away]), bench.way("ssh", [stream]));
    expect(bench.tried).toEqual(["controller", "ssh"]);
    expect(bench.attached).toEqual(["ssh"]);
    expect(bench.notes).toEqual(["controller: dial: no answer"]);
    expect(stream.destroyed).toBe(false);
  });

  test("does not ask again where the answer was no, and ends when that is so everywhere", async () => {
    const bench = new Bench();
    await bench.climb(bench.way("controller", [away, refused]), bench.way("ssh", [refused]));
    expect(bench.tried).toEqual(["controller", "ssh", "controller"]);
  });

  test("goes round a bounded number of times, ever slower", async () => {
    const bench = new Bench();
    await bench.climb(bench.way("ssh", [away]));
    expect(bench.tried).toHaveLength(60);
    expect(bench.pauses.slice(0, 6)).toEqual([1000, 1500, 2500, 4500, 8000, 8000]);
  });

  test("takes a stream that nobody has taken out of the way of the next one", async () => {
    const bench = new Bench();
    const ignored = new PassThrough();
    const taken = new PassThrough();
    bench.onAttach = () => {
      if (bench.attached.length === 2) bench.stopping.abort();
    };
    await bench.climb(bench.way("ssh", [ignored, taken]));
    expect([ignored.destroyed, taken.destroyed]).toEqual([true, false]);
    expect(bench.notes).toEqual(["ssh: the client did not answer within 5 s"]);
  });

  test("hands over nothing that comes after its end", async () => {
    const bench = new Bench();
    const stream = new PassThrough();
    const late: ClientWay = {
      way: "ssh",
      open: () => {
        bench.stopping.abort();
        return Promise.resolve({ kind: "stream", stream });
      },
    };
    await bench.climb(late);
    expect(bench.attached).toEqual([]);
    expect(stream.destroyed).toBe(true);
  });
});
