// A host's files for a person: looked at, fetched, put, renamed and deleted; by SFTP, or on this computer.
import type { ChangedHostKey } from "./changed-host-key.ts";

export interface FileEntry {
  /** One step of a path; as it is, so it may hold anything but a slash. */
  readonly name: string;
  readonly kind: "file" | "directory" | "link" | "other";
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** As `ls -l` has it: the lower twelve bits. */
  readonly mode: number;
}

export interface FileList {
  /** As the host calls it, without links and dots. */
  readonly path: string;
  readonly entries: readonly FileEntry[];
  /** Left out: names that are none (with a slash), or that are not in UTF-8 and could not be named to the host. */
  readonly unnamed: number;
  /** There are more than are shown. */
  readonly isCut: boolean;
}

/** Entries of one directory at most: more are not looked through by hand, and a host may make them up. */
export const FILE_ENTRIES_MAX = 10_000;

export type FileAnswer<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  /** In the host's own words. */
  | { readonly kind: "failed"; readonly reason: string };

export interface HostFiles {
  /** Where one begins to look. */
  readonly start: string;
  list(path: string): Promise<FileAnswer<FileList>>;
  makeDirectory(path: string): Promise<FileAnswer<null>>;
  /** Never onto something that is there. */
  rename(from: string, to: string): Promise<FileAnswer<null>>;
  /** Directories only when they are empty. */
  remove(path: string, kind: FileEntry["kind"]): Promise<FileAnswer<null>>;
  read(path: string): Promise<FileAnswer<FileSource>>;
  /** Whole or not at all: under another name until it is finished. */
  write(path: string, replace: boolean): Promise<FileAnswer<FileSink> | { readonly kind: "exists" }>;
  /** Resolves when they are out of reach, with why. */
  readonly closed: Promise<string>;
  close(): void;
}

export interface FileSource {
  /** Undefined where nobody knows it. */
  readonly size: number | undefined;
  /** The next bytes, `undefined` at the end. */
  next(): Promise<FileAnswer<Uint8Array | undefined>>;
  close(): Promise<void>;
}

export interface FileSink {
  /** Resolves when more may come. */
  add(bytes: Uint8Array): Promise<FileAnswer<null>>;
  finish(): Promise<FileAnswer<null>>;
  /** Leaves nothing behind, as far as the host is still reached. */
  abandon(): Promise<void>;
}

/** Why something on a host was not opened. */
export interface OpenFailure {
  readonly kind: "failed";
  readonly step: string;
  readonly reason: string;
  readonly remedy: string;
  /** Nobody answered, as opposed to an answer that says no: it may be another a moment later. */
  readonly unreachable: boolean;
  /** Of a host that shows another key than the known ones. */
  readonly changedKey?: ChangedHostKey;
}

export type FilesResult = { readonly kind: "opened"; readonly files: HostFiles } | OpenFailure;

/** A port of this computer, on the loopback only, that leads to one that the host can reach. */
export interface PortForward {
  readonly localPort: number;
  /** Told when connections come and go, and of the last one that did not get through. */
  onChange(listener: (state: ForwardState) => void): void;
  /** Resolves when it leads nowhere any more, with why. */
  readonly closed: Promise<string>;
  close(): void;
}

export interface ForwardState {
  readonly connections: number;
  readonly problem: string | undefined;
}

export interface ForwardTarget {
  /** As the host sees it. */
  readonly address: string;
  readonly port: number;
}

export type ForwardResult = { readonly kind: "opened"; readonly forward: PortForward } | OpenFailure;
