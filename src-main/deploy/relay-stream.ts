// Opens a stream to a client through SSH: starts the relay on its host and waits for its word.
import type { Duplex } from "node:stream";
import type { SshConnection } from "../ssh/ssh.ts";
import { RELAY_GONE, RELAY_READY, relayLine } from "./relay-script.ts";
import { REMOTE_SHELL_COMMAND } from "./remote-script.ts";
import { wordsOf } from "./words-of.ts";

/** What start-up files may print before the relay's word. */
const NOISE_BYTES_MAX = 65_536;

export type RelayResult =
  /** Paused: nothing of it is lost before somebody reads. */
  | { readonly kind: "stream"; readonly stream: Duplex }
  /** The host has answered: there is no such client any more. */
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly reason: string };

export async function openRelay(
  connection: SshConnection,
  client: { readonly node: string; readonly directory: string },
  options: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<RelayResult> {
  const late = AbortSignal.timeout(options.deadlineMs);
  const signal = AbortSignal.any([options.signal, late]);
  const opened = await connection.open(REMOTE_SHELL_COMMAND, signal);
  if (opened.kind === "failed") return { kind: "failed", reason: opened.failure.reason };
  opened.value.write(relayLine(client.node, client.directory));
  const result = await heard(opened.value, signal);
  const isLate = result.kind === "failed" && late.aborted && !options.signal.aborted;
  return isLate
    ? { kind: "failed", reason: `no answer within ${String(options.deadlineMs / 1000)} s` }
    : result;
}

/** Takes away everything up to the relay's word; what follows is the link's. */
function heard(stream: Duplex, signal: AbortSignal): Promise<RelayResult> {
  return new Promise((resolve) => {
    let before = Buffer.alloc(0);
    const settle = (result: RelayResult): void => {
      signal.removeEventListener("abort", onAbort);
      stream.off("data", onData).off("close", onClose);
      if (result.kind !== "stream") stream.destroy();
      resolve(result);
    };
    const fail = (reason: string): void => settle({ kind: "failed", reason });
    const onAbort = (): void => fail("given up");
    const onClose = (): void => fail("the relay has ended");
    const onData = (chunk: Buffer): void => {
      before = Buffer.concat([before, chunk]);
      const ready = endOfLine(before, RELAY_READY);
      if (ready !== undefined) {
        stream.pause();
        settle({ kind: "stream", stream });
        const rest = before.subarray(ready);
        if (rest.length > 0) stream.unshift(rest);
        return;
      }
      if (endOfLine(before, RELAY_GONE) !== undefined) return settle({ kind: "gone" });
      if (before.length > NOISE_BYTES_MAX) fail("its start-up files print without end");
    };
    signal.addEventListener("abort", onAbort);
    // Stays: a link that breaks says so by closing.
    stream.on("error", (error) => fail(wordsOf(error)));
    stream.on("data", onData).on("close", onClose);
    if (signal.aborted) onAbort();
  });
}

function endOfLine(bytes: Buffer, word: string): number | undefined {
  const at = bytes.indexOf(`${word}\n`);
  return at < 0 ? undefined : at + word.length + 1;
}
