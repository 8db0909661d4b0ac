// Passes standard input on to the processes of a command, no faster than their hosts take it.
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { Input } from "./world.ts";

/** Returns what stops it: a command may well end without having read all. */
export function sendStandardInput(
  api: ControllerApi,
  stdin: Input,
  run: string,
  tell: (text: string) => void,
): () => void {
  const stopped = new AbortController();
  const pump = async (): Promise<void> => {
    for await (const chunk of stdin) {
      if (stopped.signal.aborted) return;
      await api.sendInput(run, typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array), false);
    }
    if (!stopped.signal.aborted) await api.sendInput(run, new Uint8Array(), true);
  };
  pump().catch((error: unknown) => {
    // Stopping destroys the stream under the loop: that is how it ends, and nothing to report.
    if (!stopped.signal.aborted)
      tell(`plush: standard input: ${error instanceof Error ? error.message : String(error)}`);
  });
  return () => {
    stopped.abort();
    stdin.destroy();
  };
}
