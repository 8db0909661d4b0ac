// The bulk traffic of all hosts: packages down, output and collected files up; one record for each host's link.
import type { HostId } from "#shared/base/ids.ts";
import type { BulkOutcome } from "#shared/node/frame-link.ts";
import { FilePuller, type FileSink } from "#shared/node/pull-files.ts";
import {
  createFileServer,
  servedFromDisk,
  type FileServer,
  type ServedFile,
} from "#shared/node/serve-files.ts";
import type { BulkMessage, FileKey } from "#shared/protocol/bulk.ts";

export interface HostTrafficParts {
  readonly send: (host: HostId, message: BulkMessage) => BulkOutcome;
  readonly onOutput: (host: HostId, message: Extract<BulkMessage, { kind: "output" }>) => void;
}

interface HostLink {
  readonly server: FileServer;
  readonly puller: FilePuller;
}

export class HostTraffic {
  readonly #parts: HostTrafficParts;
  readonly #links = new Map<HostId, HostLink>();
  readonly #packages = new Map<FileKey, { readonly path: string; readonly size: number }>();

  constructor(parts: HostTrafficParts) {
    this.#parts = parts;
  }

  send(host: HostId, message: BulkMessage): BulkOutcome {
    return this.#parts.send(host, message);
  }

  /** Hosts may ask for this file from now on. */
  offer(sha256: string, file: { readonly path: string; readonly size: number }): void {
    this.#packages.set(`package:${sha256}`, file);
  }

  pull(host: HostId, file: FileKey, size: number, sink: FileSink, signal: AbortSignal): Promise<void> {
    return this.#linkOf(host).puller.pull(file, size, sink, signal);
  }

  message(host: HostId, message: BulkMessage): void {
    switch (message.kind) {
      case "pull":
        this.#linkOf(host).server.message(message);
        return;
      case "chunk":
      case "pullFailed":
        this.#linkOf(host).puller.message(message);
        return;
      case "output":
        this.#parts.onOutput(host, message);
        return;
      case "credit":
        return; // goes down only
    }
  }

  writable(host: HostId): void {
    this.#links.get(host)?.server.writable();
  }

  /** A new link to a host that has had one: what was under way is asked for again. */
  linked(host: HostId): void {
    this.#links.get(host)?.puller.linked();
  }

  async forget(host: HostId): Promise<void> {
    const link = this.#links.get(host);
    this.#links.delete(host);
    link?.puller.close("the host is gone");
    await link?.server.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.keys()].map((host) => this.forget(host)));
  }

  #package(file: FileKey): ServedFile | undefined {
    const found = this.#packages.get(file);
    return found === undefined ? undefined : servedFromDisk(found.path, found.size);
  }

  #linkOf(host: HostId): HostLink {
    const known = this.#links.get(host);
    if (known !== undefined) return known;
    const send = (message: BulkMessage): BulkOutcome => this.#parts.send(host, message);
    const link = {
      server: createFileServer((file) => this.#package(file), send),
      puller: new FilePuller(send),
    };
    this.#links.set(host, link);
    return link;
  }
}
