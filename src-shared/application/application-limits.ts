// Limits and defaults of application specifications and resource directories, with their reasons.

/** A specification is written by people or generators: 4 MiB holds some 40,000 blocks. */
export const DOCUMENT_BYTES_MAX = 4 * 1024 * 1024;
/** Plush's own documents are 8 deep; workflows and unknown elements may nest further. */
export const DOCUMENT_DEPTH_MAX = 64;
/** Elements in one document: bounds the time of a check, far above any real one. */
export const DOCUMENT_ELEMENTS_MAX = 200_000;
/** More problems than this help nobody; the rest is counted. */
export const PROBLEMS_MAX = 200;
/** Hosts that one component may ask for, and that one node set may unfold to. */
export const HOSTS_MAX = 100_000;
/** Names become parts of file names and of block paths: file systems take 255 bytes at most. */
export const NAME_LENGTH_MAX = 200;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Defaults where the specification is silent; each can be set in it (docs/application-format.md). */
export const DEFAULTS = {
  runDeadlineMs: 24 * 60 * MINUTE_MS,
  installDeadlineMs: 10 * MINUTE_MS,
  barrierDeadlineMs: 30 * MINUTE_MS,
  controllerAbsenceMs: 10 * MINUTE_MS,
  stopGraceMs: 5 * SECOND_MS,
  restartLimit: 3,
  restartDelayMs: SECOND_MS,
  restartDelayMsMax: MINUTE_MS,
  healthIntervalMs: 5 * SECOND_MS,
  healthTimeoutMs: 2 * SECOND_MS,
  healthFailures: 3,
  healthStartMs: 30 * SECOND_MS,
  outputBytes: 8 * 1024 * 1024,
} as const;
