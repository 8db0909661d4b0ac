// Decides which piece of which process's output goes to the controller next, within what the controller has granted.
import { CHUNK_BYTES, type BulkMessage, type StreamKey } from "#shared/protocol/bulk.ts";

/** A process that prints line by line fills one message per this time instead of one per line; people do not notice. */
export const FLUSH_MS = 20;
/** What is sent of the end of an output when the controller grants no more: the last words tell why it failed. */
export const TAIL_BYTES = 64 * 1024;
/**
 * After the end of a stream, how long to wait for more credit when not all that was sent has been acknowledged. Covers
 * a window of 1 MiB over a link of 1 Mbit/s.
 */
export const CREDIT_WAIT_MS = 10_000;
/** After this much silence the controller is asked whether all has come: on the way through others a piece can be lost. */
export const ASK_MS = 5000;

/** When what was printed: enough for a second of a busy stream; of more that waits, it is known half as exactly, and so on. */
const MARKS_MAX = 64;

/** Offsets count the bytes a stream has produced since its start; `oldest` is the first that can still be read. */
export type OutputEvent =
  /** The process has started: from now on credit for the stream counts. */
  | { readonly kind: "opened"; readonly stream: StreamKey }
  | {
      readonly kind: "produced";
      readonly stream: StreamKey;
      readonly produced: number;
      readonly oldest: number;
    }
  /** All has been produced. Also for streams that never produced anything. */
  | {
      readonly kind: "closed";
      readonly stream: StreamKey;
      readonly produced: number;
      readonly oldest: number;
    }
  | {
      readonly kind: "credit";
      readonly stream: StreamKey;
      readonly have: number;
      readonly upTo: number;
      /** What was sent beyond `have` has not come. */
      readonly again: boolean;
    }
  /**
   * Answers a `read`, exactly once: `offset` is later than asked for where bytes were overwritten; fewer bytes than
   * asked for are fine, none at all means that they cannot be read and count as overwritten.
   */
  | { readonly kind: "read"; readonly offset: number; readonly bytes: Uint8Array }
  /** Credit ends with its link: the controller grants anew after a join, from what it has. */
  | { readonly kind: "linkDown" }
  | { readonly kind: "timer" }
  | { readonly kind: "forget"; readonly stream: StreamKey };

export type OutputEffect =
  /** Never more than one at a time: whoever reads answers when the link has room, which slows all streams fairly. */
  | { readonly kind: "read"; readonly stream: StreamKey; readonly offset: number; readonly length: number }
  | { readonly kind: "send"; readonly message: OutputMessage }
  /** Replaces the timer set before. */
  | { readonly kind: "setTimer"; readonly delayMs: number };

export type OutputMessage = Extract<BulkMessage, { kind: "output" }>;

export interface OutputSender {
  /** It is open, and nothing of it has been sent or is about to be. */
  isUntouched(stream: StreamKey): boolean;
  step(event: OutputEvent, now: number): OutputEffect[];
}

/**
 * silent → (credit) → granted → (end sent) → ended; linkDown brings all back to silent, and the next credit says where
 * to go on; so does one that wants something again, in every phase.
 */
interface Stream {
  readonly key: StreamKey;
  produced: number;
  oldest: number;
  closed: boolean;
  phase: "silent" | "granted" | "ended";
  /** Of the controller, by its last credit. */
  have: number;
  upTo: number;
  /** Next offset to send. */
  sent: number;
  /** Where the last piece ended: what lies between it and the next one is told as gone. */
  told: number;
  /** All before `end` had been produced at `atMs`; the oldest first, none of what has arrived. */
  marks: Mark[];
  /** What comes within this time of a mark counts to it. */
  markMs: number;
  lastSentMs: number;
  /** When the last credit came or the last piece went: what CREDIT_WAIT_MS counts from. */
  lastHeardMs: number;
  /** The grant is used up and the stream closed: what is left goes without credit. */
  tail: boolean;
}

interface Mark {
  end: number;
  readonly atMs: number;
}

interface Sender {
  /** In the order of their turns: who was served goes to the end. */
  streams: Stream[];
  reading: { readonly stream: Stream; readonly length: number } | undefined;
  /** The read that is out was asked for before the link broke or the stream was forgotten: its answer is dropped. */
  readingStale: boolean;
}

export function createOutputSender(): OutputSender {
  const sender: Sender = { streams: [], reading: undefined, readingStale: false };
  return {
    isUntouched: (key) => {
      const stream = streamOf(sender, key);
      const isFree = stream !== undefined && sender.reading?.stream !== stream;
      return isFree && stream.phase !== "ended" && stream.told === 0;
    },
    step: (event, now) => {
      const effects: OutputEffect[] = [];
      apply(sender, event, now, effects);
      plan(sender, now, effects);
      return effects;
    },
  };
}

function apply(sender: Sender, event: OutputEvent, now: number, effects: OutputEffect[]): void {
  switch (event.kind) {
    case "opened":
      if (streamOf(sender, event.stream) === undefined) openStream(sender, event.stream);
      return;
    case "produced":
    case "closed": {
      const stream = streamOf(sender, event.stream);
      if (stream === undefined) return;
      mark(stream, event.produced, now);
      stream.produced = event.produced;
      stream.oldest = event.oldest;
      stream.closed ||= event.kind === "closed";
      return;
    }
    case "credit": {
      const stream = streamOf(sender, event.stream);
      if (stream === undefined) return;
      if (event.again && sender.reading?.stream === stream) sender.readingStale = true;
      takeCredit(stream, event, now);
      return;
    }
    case "read":
      takeRead(sender, event.offset, event.bytes, now, effects);
      return;
    case "linkDown":
      sender.readingStale = true;
      for (const stream of sender.streams) stream.phase = "silent";
      return;
    case "forget": {
      const stream = streamOf(sender, event.stream);
      if (stream !== undefined && sender.reading?.stream === stream) sender.readingStale = true;
      sender.streams = sender.streams.filter((other) => other !== stream);
      return;
    }
    case "timer":
      return;
  }
}

function mark(stream: Stream, produced: number, now: number): void {
  if (produced <= stream.produced) return;
  if (stream.marks.length === 0) stream.markMs = FLUSH_MS;
  addMark(stream, { end: produced, atMs: now });
  while (stream.marks.length > MARKS_MAX) {
    stream.markMs *= 2;
    for (const one of stream.marks.splice(0)) addMark(stream, one);
  }
}

function addMark({ marks, markMs }: Stream, next: Mark): void {
  const last = marks.at(-1);
  if (last !== undefined && next.atMs - last.atMs < markMs) last.end = next.end;
  else marks.push(next);
}

/** How long ago the byte before `end` was produced. */
function ageOf(stream: Stream, end: number, now: number): number {
  const found = stream.marks.find((one) => one.end >= end);
  return found === undefined ? 0 : Math.max(0, Math.round(now - found.atMs));
}

function streamOf(sender: Sender, key: StreamKey): Stream | undefined {
  return sender.streams.find(
    ({ key: own }) =>
      own.run === key.run &&
      own.block === key.block &&
      own.attempt === key.attempt &&
      own.stream === key.stream,
  );
}

function openStream(sender: Sender, key: StreamKey): void {
  const { run, block, attempt, stream: name } = key;
  sender.streams.push({
    key: { run, block, attempt, stream: name },
    produced: 0,
    oldest: 0,
    closed: false,
    phase: "silent",
    have: 0,
    upTo: 0,
    sent: 0,
    told: 0,
    marks: [],
    markMs: FLUSH_MS,
    lastSentMs: Number.NEGATIVE_INFINITY,
    lastHeardMs: 0,
    tail: false,
  });
}

/** Late or repeated credits never take anything back; after a new link the first one says where to go on. */
function takeCredit(
  stream: Stream,
  { have, upTo, again }: Extract<OutputEvent, { kind: "credit" }>,
  now: number,
): void {
  if (stream.phase === "ended" && !again) return;
  stream.lastHeardMs = now;
  if (stream.phase === "silent" || again) {
    stream.phase = "granted";
    stream.sent = have;
    stream.told = have;
    stream.have = have;
    stream.upTo = upTo;
    stream.lastSentMs = Number.NEGATIVE_INFINITY;
    stream.tail = false;
    return;
  }
  stream.have = Math.max(stream.have, have);
  stream.marks = stream.marks.filter((one) => one.end > stream.have);
  stream.upTo = Math.max(stream.upTo, upTo);
}

function takeRead(
  sender: Sender,
  offset: number,
  bytes: Uint8Array,
  now: number,
  effects: OutputEffect[],
): void {
  const { reading, readingStale } = sender;
  sender.reading = undefined;
  sender.readingStale = false;
  if (reading === undefined || readingStale) return;
  const { stream, length } = reading;
  const unreadable = bytes.length === 0 && offset <= stream.sent;
  const from = unreadable ? stream.sent + length : Math.max(stream.sent, offset);
  const limit = stream.tail ? stream.produced : Math.max(from, stream.upTo);
  send(stream, from, bytes.subarray(from - offset, Math.max(0, limit - offset)), now, effects);
}

function send(stream: Stream, offset: number, bytes: Uint8Array, now: number, effects: OutputEffect[]): void {
  const after = offset + bytes.length;
  const end = stream.closed && after >= stream.produced;
  const gone = offset - stream.told;
  stream.sent = after;
  stream.told = after;
  stream.lastSentMs = now;
  stream.lastHeardMs = now;
  if (end) stream.phase = "ended";
  const ageMs = ageOf(stream, after, now);
  effects.push({ kind: "send", message: { kind: "output", ...stream.key, gone, offset, bytes, ageMs, end } });
}

/** Whose turn it is: sends what needs no reading, asks for one read, or says when to look again. */
function plan(sender: Sender, now: number, effects: OutputEffect[]): void {
  let wakeMs = Number.POSITIVE_INFINITY;
  for (const stream of [...sender.streams]) {
    const readyMs = readyAt(stream, now, effects);
    if (readyMs > now) {
      wakeMs = Math.min(wakeMs, readyMs);
      continue;
    }
    if (sender.reading !== undefined) return;
    const limit = stream.tail ? stream.produced : Math.min(stream.produced, stream.upTo);
    const length = Math.min(CHUNK_BYTES, limit - stream.sent);
    sender.reading = { stream, length };
    sender.streams = [...sender.streams.filter((other) => other !== stream), stream];
    effects.push({ kind: "read", stream: stream.key, offset: stream.sent, length });
    return;
  }
  if (wakeMs < Number.POSITIVE_INFINITY) effects.push({ kind: "setTimer", delayMs: wakeMs - now });
}

/** When this stream wants to read; Infinity when only an event can change anything. May send what needs no reading. */
function readyAt(stream: Stream, now: number, effects: OutputEffect[]): number {
  if (stream.phase === "granted") skipOverwritten(stream, now, effects);
  if (stream.phase !== "granted") return Number.POSITIVE_INFINITY;
  const open = Math.min(stream.produced, stream.upTo) - stream.sent;
  if (open > 0 || (stream.tail && stream.produced > stream.sent)) {
    const whole = stream.closed || stream.produced - stream.sent >= CHUNK_BYTES;
    return whole ? now : Math.max(now, stream.lastSentMs + FLUSH_MS);
  }
  return stream.closed ? readyForTail(stream, now, effects) : readyToAsk(stream, now, effects);
}

/** Nothing is to be said; but has the controller got what was said? Its answer is a credit. */
function readyToAsk(stream: Stream, now: number, effects: OutputEffect[]): number {
  if (stream.have >= stream.told || stream.sent !== stream.told) return Number.POSITIVE_INFINITY;
  if (now >= stream.lastHeardMs + ASK_MS) send(stream, stream.told, new Uint8Array(), now, effects);
  return stream.lastHeardMs + ASK_MS;
}

/**
 * A gap that ends beyond the credit is told by an empty piece: it costs no credit, and the controller grants from there
 * on. With the credit used up nothing is told: perhaps the controller wants no more.
 */
function skipOverwritten(stream: Stream, now: number, effects: OutputEffect[]): void {
  if (stream.sent >= stream.oldest || stream.sent >= stream.upTo) return;
  if (stream.oldest < stream.upTo) stream.sent = stream.oldest;
  else send(stream, stream.oldest, new Uint8Array(), now, effects);
}

/** The stream is closed and the grant used up: is that all the controller wants? */
function readyForTail(stream: Stream, now: number, effects: OutputEffect[]): number {
  if (stream.sent >= stream.produced) {
    send(stream, stream.produced, new Uint8Array(), now, effects);
    return Number.POSITIVE_INFINITY;
  }
  const patientUntil = stream.lastHeardMs + CREDIT_WAIT_MS;
  if (stream.have < stream.sent && now < patientUntil) return patientUntil;
  stream.tail = true;
  stream.sent = Math.max(stream.sent, stream.oldest, stream.produced - TAIL_BYTES);
  return now;
}
