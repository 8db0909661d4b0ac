// The Nodes that can be brought to hosts: fetched, packed and kept in the cache once, for all hosts and all sessions.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchPackage, fetchUrl } from "./fetch-node.ts";
import type { NodePin, NodePlatform } from "./node-pins.ts";
import { packedPathOf, packNode, readPacked } from "./pack-node.ts";
import { wordsOf } from "./words-of.ts";

export interface NodeRuntime {
  /** For people: `Node 24.21.0`. */
  readonly name: string;
  /** Of the program, SHA-256 in hexadecimal: its name on hosts. */
  readonly hash: string;
  readonly packed: Uint8Array;
  /** Unpacked. */
  readonly size: number;
}

export type RuntimeResult =
  | { readonly kind: "ok"; readonly runtime: NodeRuntime }
  | { readonly kind: "failed"; readonly reason: string; readonly remedy: string };

export interface NodeRuntimes {
  /** For people, before it is there. */
  nameOf(platform: NodePlatform): string;
  /** What a host may have of an earlier time and is as good: digests. */
  isKnown(platform: NodePlatform, hash: string): boolean;
  get(platform: NodePlatform): Promise<RuntimeResult>;
  close(): void;
}

/** The Node that this program runs by. */
export interface OwnNode {
  readonly path: string;
  readonly platform: string;
  readonly version: string;
  /** It is one file that runs elsewhere, too: not Electron, no library of a distribution, glibc. */
  readonly isPortable: boolean;
}

export interface NodeRuntimesParts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly own: () => OwnNode;
  readonly log: (text: string) => void;
}

export interface NodeRuntimesSettings {
  /** A path or URL of an archive or of the program, instead of the registry's; {arch} is put in. */
  readonly source: string | undefined;
  readonly cacheDirectory: string;
  readonly pins: Readonly<Record<NodePlatform, NodePin>>;
}

export function createNodeRuntimes(parts: NodeRuntimesParts, settings: NodeRuntimesSettings): NodeRuntimes {
  return new CachedRuntimes(parts, settings);
}

class CachedRuntimes implements NodeRuntimes {
  readonly #parts: NodeRuntimesParts;
  readonly #settings: NodeRuntimesSettings;
  readonly #folder: string;
  readonly #known: Readonly<Record<NodePlatform, Set<string>>>;
  readonly #pending = new Map<NodePlatform, Promise<RuntimeResult>>();
  readonly #closing = new AbortController();

  constructor(parts: NodeRuntimesParts, settings: NodeRuntimesSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#folder = join(settings.cacheDirectory, "node");
    const { source, pins } = settings;
    const pinned = (platform: NodePlatform): Set<string> =>
      new Set(source === undefined ? [pins[platform].hash] : []);
    this.#known = { "linux-x64": pinned("linux-x64"), "linux-arm64": pinned("linux-arm64") };
  }

  nameOf(platform: NodePlatform): string {
    const { source, pins } = this.#settings;
    return source === undefined ? `Node ${pins[platform].version}` : nameOfSource(source);
  }

  isKnown(platform: NodePlatform, hash: string): boolean {
    return this.#known[platform].has(hash);
  }

  /** One that has failed is tried anew by the next host: the network may be back. */
  get(platform: NodePlatform): Promise<RuntimeResult> {
    const known = this.#pending.get(platform);
    if (known !== undefined) return known;
    const pending = this.#get(platform).then((result) => {
      if (result.kind === "failed") this.#pending.delete(platform);
      else this.#known[platform].add(result.runtime.hash);
      return result;
    });
    this.#pending.set(platform, pending);
    return pending;
  }

  close(): void {
    this.#closing.abort();
    this.#pending.clear();
  }

  async #get(platform: NodePlatform): Promise<RuntimeResult> {
    const { source, pins } = this.#settings;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const runtime =
        source === undefined
          ? await this.#pinned(pins[platform], platform)
          : await this.#ofSource(source.replaceAll("{arch}", platform.replace("linux-", "")), platform);
      return { kind: "ok", runtime };
    } catch (error) {
      return {
        kind: "failed",
        reason: `${this.nameOf(platform)} for ${platform} could not be had: ${wordsOf(error)}`,
        remedy:
          source === undefined
            ? "Install Node on the hosts, or set node_runtime to the path or URL of Node's archive or program."
            : "Correct node_runtime, or leave it out to have Node from the npm registry.",
      };
    }
  }

  async #pinned(pin: NodePin, platform: NodePlatform): Promise<NodeRuntime> {
    const name = `Node ${pin.version}`;
    const cached = await this.#cached(name, pin.hash);
    if (cached !== undefined) return cached;
    try {
      return await this.#inFolder(async (folder, signal) => {
        const path = await fetchPackage(pin, folder, this.#parts, signal);
        return this.#pack(name, path, platform);
      });
    } catch (error) {
      const own = this.#parts.own();
      if (!own.isPortable || own.platform !== platform || this.#closing.signal.aborted) throw error;
      this.#parts.log(
        `${name} cannot be fetched: ${wordsOf(error)}; this computer's own ${own.version} is sent instead`,
      );
      return this.#ofFile(`Node ${own.version.replace(/^v/u, "")}`, own.path, platform);
    }
  }

  #ofSource(source: string, platform: NodePlatform): Promise<NodeRuntime> {
    const name = nameOfSource(source);
    if (!isUrl(source)) return this.#ofFile(name, source, platform);
    // Kept by its URL: what changes there must change its name, as releases do.
    return this.#remembered(name, `${platform} ${source}`, () =>
      this.#inFolder(async (folder, signal) =>
        this.#pack(name, await fetchUrl(source, folder, signal), platform),
      ),
    );
  }

  async #ofFile(name: string, path: string, platform: NodePlatform): Promise<NodeRuntime> {
    const { size, mtimeMs } = await stat(path);
    return this.#remembered(name, `${platform} ${path} ${String(size)} ${String(mtimeMs)}`, () =>
      this.#pack(name, path, platform),
    );
  }

  /** Packing takes seconds: the digest of what a source gave is written down below its name. */
  async #remembered(name: string, key: string, make: () => Promise<NodeRuntime>): Promise<NodeRuntime> {
    const note = join(this.#folder, `${createHash("sha256").update(key).digest("hex")}.source`);
    const hash = existsSync(note) ? await readFile(note, "utf8") : "";
    const cached = /^[\da-f]{64}$/u.test(hash) ? await this.#cached(name, hash) : undefined;
    if (cached !== undefined) return cached;
    const made = await make();
    await writeFile(note, made.hash);
    return made;
  }

  async #cached(name: string, hash: string): Promise<NodeRuntime | undefined> {
    const path = packedPathOf(this.#folder, hash);
    if (!existsSync(path)) return undefined;
    const read = await readPacked({ hash, path }, this.#closing.signal);
    return read === undefined ? undefined : { name, hash, ...read };
  }

  async #pack(name: string, path: string, platform: NodePlatform): Promise<NodeRuntime> {
    const { hash } = await packNode(path, platform, this.#folder, this.#closing.signal);
    const packed = await this.#cached(name, hash);
    if (packed === undefined) throw new Error(`${packedPathOf(this.#folder, hash)} was changed meanwhile`);
    return packed;
  }

  /** A folder below the cache, for as long as something is fetched. */
  async #inFolder<Result>(work: (folder: string, signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const folder = await mkdtemp(join(this.#folder, ".fetch-"));
    try {
      return await work(folder, this.#closing.signal);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

const isUrl = (source: string): boolean => /^https?:\/\//iu.test(source);

/** A version in the name of the file, when there is one. */
function nameOfSource(source: string): string {
  const version = /\d+\.\d+\.\d+/u.exec(source.slice(source.lastIndexOf("/") + 1))?.[0];
  return version === undefined ? "Node" : `Node ${version}`;
}
