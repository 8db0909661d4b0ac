// When a client looks at its host, and what of it is worth telling.
import { describe, expect, test } from "vitest";
import { MetricsCore, type HostLook, type MetricsEffect } from "../../../src-client/core/metrics-core.ts";
import type { HostMetrics } from "../../../src-shared/protocol/metrics.ts";

const GIBIBYTE = 1024 ** 3;
const QUIET: HostLook = {
  load: 0.5,
  cores: 4,
  cpuTime: { busy: 100, all: 1000 },
  memoryBytes: 8 * GIBIBYTE,
  memoryFreeBytes: 4 * GIBIBYTE,
  diskBytes: 100 * GIBIBYTE,
  diskFreeBytes: 50 * GIBIBYTE,
  rttMs: 10,
};

class Bench {
  readonly core = new MetricsCore();
  now = 0;
  dueAt = Infinity;
  readonly looks: { readonly at: number; readonly disk: boolean }[] = [];
  readonly told: HostMetrics[] = [];
  look: HostLook = QUIET;

  step(event: Parameters<MetricsCore["step"]>[0]): void {
    for (const effect of this.core.step(event, this.now, () => 0.5)) this.#perform(effect);
  }

  pass(ms: number): void {
    const until = this.now + ms;
    while (this.dueAt <= until) {
      this.now = this.dueAt;
      this.dueAt = Infinity;
      this.step({ kind: "timer" });
    }
    this.now = until;
  }

  #perform(effect: MetricsEffect): void {
    if (effect.kind === "setTimer") this.dueAt = this.now + effect.delayMs;
    else if (effect.kind === "tell") this.told.push(effect.metrics);
    else {
      this.looks.push({ at: this.now, disk: effect.disk });
      this.step({ kind: "looked", look: this.look });
    }
  }
}

function started(look: HostLook = QUIET): Bench {
  const bench = new Bench();
  bench.look = look;
  bench.step({ kind: "start" });
  return bench;
}

describe("looking", () => {
  test("at the start, soon after, then every 10 s, spread over the interval; at the disk every 30 s", () => {
    const bench = started();
    bench.pass(60_000);
    expect(bench.looks.map(({ at }) => at)).toEqual([0, 2500, 7500, 17_500, 27_500, 37_500, 47_500, 57_500]);
    expect(bench.looks.filter(({ disk }) => disk).map(({ at }) => at)).toEqual([0, 37_500]);
  });

  test("as often as it is asked, for as long as that", () => {
    const bench = started();
    bench.pass(10_000);
    bench.looks.length = 0;
    bench.step({ kind: "measure", everyMs: 2000, forMs: 7000 });
    bench.pass(30_000);
    expect(bench.looks.map(({ at }) => at)).toEqual([12_000, 14_000, 16_000, 18_000, 28_000, 38_000]);
  });

  test("not faster than once a second, and whoever asks again and again does not keep it from looking", () => {
    const bench = started();
    bench.pass(10_000);
    bench.looks.length = 0;
    for (let times = 0; times < 20; times += 1) {
      bench.step({ kind: "measure", everyMs: 1, forMs: 60_000 });
      bench.pass(100);
    }
    expect(bench.looks.map(({ at }) => at)).toEqual([11_000, 12_000]);
  });
});

describe("telling", () => {
  test("once, and then only what has changed enough to be seen, at least once a minute", () => {
    const bench = started();
    expect(bench.told).toHaveLength(1);
    bench.look = { ...QUIET, load: 0.52, rttMs: 10.5, memoryFreeBytes: 4 * GIBIBYTE - 1024 };
    bench.pass(50_000);
    expect(bench.told).toHaveLength(1);
    bench.pass(20_000);
    expect(bench.told).toHaveLength(2);
    expect(bench.told[1]).toMatchObject({ load: 0.52, rttMs: 10.5 });
  });

  test.each<[string, Partial<HostLook>]>([
    ["load", { load: 0.6 }],
    ["free memory", { memoryFreeBytes: 3.9 * GIBIBYTE }],
    ["free disk", { diskFreeBytes: 48 * GIBIBYTE }],
    ["a round trip", { rttMs: 12 }],
    ["what was not known", { rttMs: undefined }],
    ["how many processors there are", { cores: 2 }],
  ])("%s", (_name, change) => {
    const bench = started();
    bench.look = { ...QUIET, ...change };
    bench.pass(3000);
    expect(bench.told).toHaveLength(2);
  });

  test("the share of the processors between two looks, to a hundredth", () => {
    const bench = started();
    expect(bench.told[0]?.cpu).toBeUndefined();
    bench.look = { ...QUIET, cpuTime: { busy: 150, all: 1300 } };
    bench.pass(3000);
    expect(bench.told[1]?.cpu).toBe(0.17);
    bench.look = { ...QUIET, cpuTime: { busy: 150, all: 1300 } };
    bench.pass(10_000);
    // Nothing has passed between them, by the host's own account.
    expect(bench.told[2]?.cpu).toBeUndefined();
  });

  test("what a host does not say is told as unknown", () => {
    const unknown = { memoryBytes: undefined, memoryFreeBytes: undefined, cpuTime: undefined };
    const bench = started({ ...QUIET, ...unknown, load: undefined });
    expect(bench.told).toEqual([
      expect.objectContaining({ load: undefined, cpu: undefined, memoryBytes: undefined, cores: 4 }),
    ]);
  });

  test("of a quiet host six looks cost one message, of a busy one each look one", () => {
    const quiet = started();
    quiet.pass(60_000);
    expect(quiet.told.length).toBeLessThanOrEqual(2);
    const busy = started();
    for (let look = 1; look <= 6; look += 1) {
      busy.look = { ...QUIET, load: look };
      busy.pass(10_000);
    }
    expect(busy.told.length).toBeLessThanOrEqual(8);
    expect(busy.told.length).toBeGreaterThanOrEqual(6);
  });
});
