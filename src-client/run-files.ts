// What the client's shell remembers of a run's files: its folders, its software, what is being collected.
import type { ServedFile } from "#shared/node/serve-files.ts";
import type { CollectableFile } from "#shared/protocol/reports.ts";
import type { Collection } from "./collect/collect-files.ts";

/** What the shell remembers of a run. */
export interface RunFiles {
  readonly workDirectory: string;
  readonly installing: AbortController;
  software: readonly { readonly name: string; readonly key: string; readonly directory: string }[];
  collection: Collection | undefined;
}

/** What one report can carry: names of so many bytes in all. */
const LISTED_BYTES_MAX = 512 * 1024;

export function boundedList(files: readonly CollectableFile[]): {
  listed: readonly CollectableFile[];
  problem: string | undefined;
} {
  let bytes = 0;
  const cut = files.findIndex((file) => {
    bytes += Buffer.byteLength(file.path) + 32;
    return bytes > LISTED_BYTES_MAX;
  });
  if (cut < 0) return { listed: files, problem: undefined };
  return {
    listed: files.slice(0, cut),
    problem: `${String(files.length - cut)} of ${String(files.length)} files are left out: their names are too long for one list`,
  };
}

/** One of the listed files, as the controller asks for it. */
export function servedFromCollection(
  collection: Collection | undefined,
  index: number,
): ServedFile | undefined {
  const found = collection?.files[index];
  if (collection === undefined || found === undefined) return undefined;
  return {
    size: found.size,
    read: async (offset, length) => {
      const result = await collection.read(found.index, offset, length);
      if (result.kind === "failed") throw new Error(result.reason);
      return result.bytes;
    },
    close: () => Promise.resolve(),
  };
}
