// How much one archive may make of itself, so that a small download cannot fill the disk of every host.
import { SoftwareFailure } from "./software-failure.ts";

export interface UnpackLimits {
  /** Unpacked bytes of one software, all its packages together. */
  readonly bytesMax: number;
  readonly entriesMax: number;
  /** Unpacked to packed bytes of one archive, once it has unpacked `ratioFreeBytes`. */
  readonly ratioMax: number;
  readonly ratioFreeBytes: number;
}

const GIB = 1024 ** 3;

export const UNPACK_LIMITS: UnpackLimits = {
  /** Above the largest data sets people ship as packages, below the disk of the smallest hosts. */
  bytesMax: 20 * GIB,
  /** A whole Linux source tree has 90,000. */
  entriesMax: 1_000_000,
  /** Deflate cannot pass 1032; more than that all along is nothing but repetition. */
  ratioMax: 1000,
  /** Files of zeros are common in tests of storage: the ratio only counts when it hurts. */
  ratioFreeBytes: GIB / 4,
};

/** Counts what has come out of one archive of `packedBytes`. */
export interface UnpackBudget {
  take(bytes: number): void;
}

export function createUnpackBudget(limits: UnpackLimits, packedBytes: number): UnpackBudget {
  let unpacked = 0;
  return {
    take(bytes) {
      unpacked += bytes;
      if (unpacked > limits.bytesMax) throw tooLarge(limits);
      if (unpacked > limits.ratioFreeBytes && unpacked > packedBytes * limits.ratioMax) {
        throw new SoftwareFailure(
          "unpack",
          `the archive unpacks to more than ${String(limits.ratioMax)} times its size`,
        );
      }
    },
  };
}

export function tooLarge(limits: UnpackLimits): SoftwareFailure {
  return new SoftwareFailure(
    "unpack",
    `it unpacks to more than ${limits.bytesMax.toLocaleString("en-US")} bytes`,
  );
}

export function tooMany(limits: UnpackLimits): SoftwareFailure {
  return new SoftwareFailure(
    "unpack",
    `it has more than ${limits.entriesMax.toLocaleString("en-US")} entries`,
  );
}
