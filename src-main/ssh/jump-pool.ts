// Connections to jump hosts, one for all the hosts behind it: a gate lets in only so many at a time (MaxStartups).
import { onAbort } from "./deadline.ts";
import { interrupted } from "./ssh-failures.ts";
import type { HopConnection } from "./connect-hop.ts";
import type { SshResult } from "./ssh.ts";

export interface Lease {
  readonly connection: HopConnection;
  /** The last one to give it back closes it. */
  readonly release: () => void;
}

interface Entry {
  users: number;
  readonly abort: AbortController;
  readonly connecting: Promise<SshResult<HopConnection>>;
}

export interface JumpPool {
  /** `connect` is asked only when there is no connection by this key; it fails alike for all who wait. */
  lease(
    key: string,
    connect: (signal: AbortSignal) => Promise<SshResult<HopConnection>>,
    signal: AbortSignal,
  ): Promise<SshResult<Lease>>;
}

export function createJumpPool(): JumpPool {
  const entries = new Map<string, Entry>();

  function forget(key: string, entry: Entry): void {
    if (entries.get(key) === entry) entries.delete(key);
  }

  function begin(key: string, connect: (signal: AbortSignal) => Promise<SshResult<HopConnection>>): Entry {
    const abort = new AbortController();
    const entry: Entry = { users: 0, abort, connecting: connect(abort.signal) };
    entries.set(key, entry);
    void entry.connecting.then((result) => {
      if (result.kind === "failed") forget(key, entry);
      else
        void result.value.closed.then(() => {
          forget(key, entry);
        });
    });
    return entry;
  }

  function createRelease(key: string, entry: Entry): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      entry.users -= 1;
      if (entry.users > 0) return;
      forget(key, entry);
      entry.abort.abort();
      void entry.connecting.then((result) => {
        if (result.kind === "ok") result.value.close();
      });
    };
  }

  return {
    async lease(key, connect, signal) {
      if (signal.aborted) return interrupted("connect");
      const entry = entries.get(key) ?? begin(key, connect);
      entry.users += 1;
      const release = createRelease(key, entry);
      const unlisten = onAbort(signal, release);
      const result = await entry.connecting;
      unlisten();
      if (signal.aborted) {
        release();
        return interrupted("connect");
      }
      if (result.kind === "failed") {
        release();
        return result;
      }
      return { kind: "ok", value: { connection: result.value, release } };
    },
  };
}
