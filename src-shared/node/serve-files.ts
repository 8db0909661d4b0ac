// The sending end of file transfers over one link: drives the pure sender, reads when the link can take more.
import { open } from "node:fs/promises";
import type { BulkMessage, FileKey } from "../protocol/bulk.ts";
import {
  createFileSender,
  stepFileSender,
  type FileSender,
  type FileSenderEvent,
} from "../protocol/pull-file.ts";
import type { BulkOutcome } from "./frame-link.ts";

/** Files under way on one link: a host pulls the packages of one software at a time, and a few software at once. */
const FILES_MAX = 64;

/** A file that may be asked for. */
export interface ServedFile {
  readonly size: number;
  /** Fewer bytes than asked for only at its end; rejects with words for people. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface FileServer {
  /** Pulls; others are ignored. */
  message(message: BulkMessage): void;
  /** The link takes more again. */
  writable(): void;
  close(): Promise<void>;
}

interface Serving {
  sender: FileSender;
  readonly file: ServedFile;
}

export function createFileServer(
  find: (file: FileKey) => ServedFile | undefined,
  send: (message: BulkMessage) => BulkOutcome,
): FileServer {
  const servings = new Map<FileKey, Serving>();
  const waiting: (() => void)[] = [];
  let held = false;

  function put(message: BulkMessage): void {
    if (send(message) === "held") held = true;
  }

  function step(serving: Serving, event: FileSenderEvent): void {
    const { state, effects } = stepFileSender(serving.sender, event);
    serving.sender = state;
    for (const effect of effects) {
      if (effect.kind === "send") put(effect.message);
      else void read(serving, effect.offset, effect.length);
    }
  }

  async function read(serving: Serving, offset: number, length: number): Promise<void> {
    try {
      if (held) await new Promise<void>((resolve) => waiting.push(resolve));
      const bytes = await serving.file.read(offset, length);
      if (bytes.length === 0) step(serving, { kind: "readFailed", reason: "the file has become shorter" });
      else step(serving, { kind: "read", offset, bytes });
    } catch (error) {
      step(serving, { kind: "readFailed", reason: error instanceof Error ? error.message : String(error) });
    }
  }

  function servingOf(file: FileKey): Serving | string {
    const known = servings.get(file);
    if (known !== undefined) return known;
    const found = find(file);
    if (found === undefined) return "there is no such file to be had here";
    if (servings.size >= FILES_MAX) forgetOldest();
    const serving: Serving = { sender: createFileSender(file, found.size), file: found };
    servings.set(file, serving);
    return serving;
  }

  function forgetOldest(): void {
    const [file, serving] = [...servings][0] ?? [];
    if (file === undefined || serving === undefined) return;
    servings.delete(file);
    void serving.file.close();
  }

  return {
    message(message) {
      if (message.kind !== "pull") return;
      const serving = servingOf(message.file);
      if (typeof serving === "string") put({ kind: "pullFailed", file: message.file, reason: serving });
      else step(serving, { kind: "pull", offset: message.offset, upTo: message.upTo });
    },
    writable() {
      held = false;
      for (const go of waiting.splice(0)) go();
    },
    async close() {
      const all = [...servings.values()];
      servings.clear();
      for (const go of waiting.splice(0)) go();
      await Promise.all(all.map((serving) => serving.file.close()));
    },
  };
}

/** A file that is opened when it is first read. */
export function servedFromDisk(path: string, size: number): ServedFile {
  let opened: ReturnType<typeof open> | undefined;
  return {
    size,
    async read(offset, length) {
      opened ??= open(path, "r");
      const handle = await opened;
      const buffer = new Uint8Array(length);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    async close() {
      const closing = opened;
      opened = undefined;
      // One that never opened was told to its reader.
      await closing?.then(
        (handle) => handle.close(),
        () => undefined,
      );
    },
  };
}
