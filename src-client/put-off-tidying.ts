// Keeps V8 from tidying up the client's memory while a session begins.
import { setFlagsFromString } from "node:v8";

/**
 * V8's memory reducer marks the whole heap twice, 8 s after the start: 25 ms of processor time to save 1 MB, just when
 * the first commands come; and where hosts share processors, when the last of them are still being contacted.
 */
const CALM_MS = 60_000;
/** Clients on one computer have started together; they need not tidy up together. */
const SPREAD_MS = 60_000;

/** Until then V8 collects garbage only when there is too much of it: it marks all at once, 10 ms for a client's heap. */
export function putOffTidying(random: () => number): void {
  setFlagsFromString("--no-incremental-marking");
  setTimeout(() => setFlagsFromString("--incremental-marking"), CALM_MS + SPREAD_MS * random()).unref();
}
