// One link over a stream in memory: lanes, limits, back-pressure, deadlines and the end.
import { Duplex } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { createFrameLink } from "../../../src-shared/node/frame-link.ts";
import type { FrameLink } from "../../../src-shared/node/frame-link.ts";
import { star } from "../../../src-shared/overlay/star.ts";
import type { StarFrame } from "../../../src-shared/overlay/star-frames.ts";
import { FrameDecoder } from "../../../src-shared/protocol/frame-decoder.ts";
import { createWireCodec } from "../../../src-shared/protocol/wire.ts";

const codec = createWireCodec(star);
const CHUNK = new Uint8Array(64 * 1024);
const bulk: StarFrame = { t: "bulk", payload: CHUNK };
const alive = (have: number): StarFrame => ({ t: "alive", have });

/** The other end: takes nothing until told to. */
class SlowStream extends Duplex {
  readonly taken: string[] = [];
  writes = 0;
  #waiting: (() => void) | undefined;
  readonly #decoder = new FrameDecoder(codec);

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes += 1;
    for (const frame of this.#decoder.push(chunk).frames) {
      this.taken.push(frame.t === "alive" ? `alive ${frame.have}` : frame.t);
    }
    this.#waiting = done;
  }

  override _read(): void {
    // Data is pushed by the tests.
  }

  /** Takes one write. */
  takeOne(): boolean {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
    return waiting !== undefined;
  }
}

interface Bench {
  readonly stream: SlowStream;
  readonly link: FrameLink<StarFrame>;
  readonly heard: string[];
  readonly clock: { ms: number };
}

function start(stream = new SlowStream()): Bench {
  const heard: string[] = [];
  const clock = { ms: 0 };
  const link = createFrameLink({
    stream,
    codec,
    isBulk: star.isBulk,
    clock: { now: () => clock.ms },
    callbacks: {
      onFrame: (frame) => heard.push(frame.t),
      onReceiving: () => heard.push("receiving"),
      onClosed: (reason) => heard.push(`closed: ${reason}`),
      onBulkWritable: () => heard.push("writable"),
      onDrained: () => heard.push("drained"),
    },
  });
  return { stream, link, heard, clock };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets the stream take everything. */
async function drain({ stream }: Bench): Promise<void> {
  for (let idle = 0; idle < 5; idle += 1) {
    await tick();
    if (stream.takeOne()) idle = 0;
  }
}

describe("sending", () => {
  test("control frames of one tick are one write", async () => {
    const bench = start();
    for (let have = 1; have <= 100; have += 1) bench.link.send(alive(have));
    await drain(bench);
    expect(bench.stream.writes).toBe(1);
    expect(bench.stream.taken).toEqual(Array.from({ length: 100 }, (_, place) => `alive ${place + 1}`));
  });

  test("a control frame overtakes all bulk that the stream has not taken", async () => {
    const bench = start();
    for (let count = 0; count < 20; count += 1) bench.link.send(bulk);
    await tick();
    bench.link.send(alive(1));
    await drain(bench);
    const place = bench.stream.taken.indexOf("alive 1");
    expect(place).toBeGreaterThan(0);
    expect(place).toBeLessThanOrEqual(4);
    expect(bench.stream.taken.filter((frame) => frame === "bulk")).toHaveLength(20);
  });

  test("bulk is held, then dropped, then wanted again", async () => {
    const bench = start();
    const outcomes = Array.from({ length: 80 }, () => {
      bench.link.send(bulk);
      return bench.link.bulkOutcome;
    });
    expect(outcomes.indexOf("held")).toBe(7);
    expect(outcomes.indexOf("dropped")).toBe(64);
    expect(bench.heard).toEqual([]);
    await drain(bench);
    expect(bench.heard).toEqual(["writable"]);
    expect(bench.stream.taken).toHaveLength(64);
    bench.link.send(bulk);
    expect(bench.link.bulkOutcome).toBe("sent");
  });

  test("many control frames tell when they have gone", async () => {
    const bench = start();
    const report: StarFrame = { t: "report", sequence: 1, skips: 0, payload: CHUNK };
    for (let count = 0; count < 20; count += 1) bench.link.send(report);
    expect(bench.link.controlBytes).toBeGreaterThan(1024 * 1024);
    await drain(bench);
    expect(bench.heard).toEqual(["drained"]);
    expect(bench.link.controlBytes).toBe(0);
  });

  test("control that piles up closes the link", async () => {
    const bench = start();
    const report: StarFrame = {
      t: "report",
      sequence: 1,
      skips: 0,
      payload: new Uint8Array(960 * 1024),
    };
    for (let count = 0; count < 9; count += 1) bench.link.send(report);
    await drain(bench);
    bench.stream.push(null);
    await drain(bench);
    expect(bench.heard).toEqual(["closed: the other end does not read: too many control frames are waiting"]);
    bench.link.send(alive(1));
    expect(bench.link.controlBytes).toBe(0);
  });

  test("a stream that takes nothing for five seconds closes the link", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const bench = start();
      bench.link.send(alive(1));
      await tick();
      bench.clock.ms = 4999;
      vi.advanceTimersByTime(4999);
      await tick();
      expect(bench.heard).toEqual([]);
      bench.clock.ms = 5000;
      vi.advanceTimersByTime(1);
      await tick();
      expect(bench.heard).toEqual(["closed: the other end took nothing for 5000 ms"]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("receiving", () => {
  test("tells of a frame that comes in many pieces, a few times a second and not for each piece", async () => {
    const bench = start();
    const bytes = codec.encodeFrame({ t: "command", sequence: 1, payload: new Uint8Array(10_000) });
    for (let at = 0; at < bytes.length; at += 100) {
      bench.stream.push(bytes.subarray(at, at + 100));
      bench.clock.ms += 10;
      await tick();
    }
    expect(bench.heard).toEqual(["receiving", "receiving", "receiving", "receiving", "command"]);
  });

  test("frames come out in order, a malformed one closes", async () => {
    const bench = start();
    bench.stream.push(Buffer.concat([codec.encodeFrame(alive(1)), codec.encodeFrame({ t: "leave" })]));
    await tick();
    expect(bench.heard).toEqual(["alive", "leave"]);
    bench.stream.push(Buffer.alloc(4));
    await tick();
    await tick();
    expect(bench.heard.slice(2)).toEqual(["closed: malformed: an empty frame"]);
    expect(bench.stream.destroyed).toBe(true);
  });

  test("nothing more is heard once it is closed from inside", async () => {
    const bench = start();
    bench.link.close("enough");
    bench.stream.push(codec.encodeFrame(alive(1)));
    await drain(bench);
    bench.stream.push(null);
    await drain(bench);
    expect(bench.heard).toEqual(["closed: enough"]);
  });
});

describe("the end", () => {
  test("what is in the control lane goes out before it", async () => {
    const bench = start();
    bench.link.send(bulk);
    bench.link.send({ t: "refuse", why: "unknown", backoffMs: 0 });
    bench.link.close("refused");
    await drain(bench);
    expect(bench.stream.taken).toEqual(["refuse"]);
    expect(bench.stream.writableFinished).toBe(true);
  });

  test("waits for the other end a second at most", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const bench = start();
      bench.link.close("enough");
      await drain(bench);
      expect(bench.heard).toEqual([]);
      vi.advanceTimersByTime(1000);
      await tick();
      await tick();
      expect(bench.heard).toEqual(["closed: enough"]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("that came before the link is told too", async () => {
    const stream = new SlowStream();
    stream.destroy();
    await tick();
    const bench = start(stream);
    await tick();
    expect(bench.heard).toEqual(["closed: the other end closed the link"]);
  });

  test("of the other end, and its errors, are told once", async () => {
    const ended = start();
    ended.stream.push(null);
    const failed = start();
    failed.stream.destroy(new Error("ECONNRESET"));
    for (const bench of [ended, failed]) await drain(bench);
    expect(ended.heard).toEqual(["closed: the other end closed the link"]);
    expect(failed.heard).toEqual(["closed: ECONNRESET"]);
  });
});
