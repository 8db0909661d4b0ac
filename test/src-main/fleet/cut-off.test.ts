// When it is this computer that is cut off, and when it is the hosts that are gone.
import { describe, expect, test } from "vitest";
import { CutOff, type Standing } from "../../../src-main/fleet/cut-off.ts";

class Bench {
  standing: Standing = { attached: 0, away: 0, answering: 0 };
  network = true;
  held = 0;
  readonly told: string[] = [];
  #look: (() => void) | undefined;
  readonly cutOff = new CutOff(
    {
      hold: (ms) => {
        this.held += ms;
      },
      hasNetwork: () => this.network,
      every: (_ms, look) => {
        this.#look = look;
        return () => {
          this.#look = undefined;
        };
      },
      log: (text) => void this.told.push(text),
    },
    () => this.standing,
  );

  now(standing: Partial<Standing>): void {
    this.standing = { attached: 0, away: 0, answering: 0, ...standing };
    this.cutOff.look(10_000);
  }

  pass(seconds: number): number {
    const before = this.held;
    for (let count = 0; count < seconds; count += 1) this.#look?.();
    return this.held - before;
  }
}

describe("hosts are waited for", () => {
  test("when several are away at once and none is left", () => {
    const bench = new Bench();
    bench.now({ away: 1, attached: 1 });
    expect(bench.pass(3)).toBe(0);
    bench.now({ away: 2 });
    expect(bench.pass(3)).toBe(3000);
    expect(bench.told).toHaveLength(1);
    bench.now({ away: 1, attached: 1 });
    expect(bench.pass(3)).toBe(0);
  });

  test("for as long as they wait themselves, and not longer", () => {
    const bench = new Bench();
    bench.now({ away: 2 });
    expect(bench.pass(60)).toBe(10_000);
  });

  test("not when one of them answers by SSH", () => {
    const bench = new Bench();
    bench.now({ away: 2 });
    bench.standing = { ...bench.standing, answering: 1 };
    expect(bench.pass(3)).toBe(0);
  });

  test("also when there is only one, if this computer has lost its network", () => {
    const bench = new Bench();
    bench.now({ away: 1 });
    expect(bench.pass(3)).toBe(0);
    bench.network = false;
    bench.now({ away: 1 });
    expect(bench.pass(3)).toBe(3000);
  });
});
