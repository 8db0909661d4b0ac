// A directory of the person's computer that was dropped: read piece by piece, as it is put.
import type { UploadedFile } from "./upload-file.ts";

export interface UploadedTree {
  readonly name: string;
  /** Rejects when it cannot be read. */
  read(): Promise<{ readonly own: readonly UploadedFile[]; readonly trees: readonly UploadedTree[] }>;
}

export function treeOf(directory: FileSystemDirectoryEntry): UploadedTree {
  return {
    name: directory.name,
    async read() {
      const entries = await entriesOf(directory);
      const own = await Promise.all(entries.filter(isFile).map(fileOf));
      return { own, trees: entries.filter(isDirectory).map(treeOf) };
    },
  };
}

export function isDirectory(entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry {
  return entry?.isDirectory === true;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** A reader gives some at a time, and none when there are no more. */
async function entriesOf(directory: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = directory.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    found.push(...some);
  }
}
