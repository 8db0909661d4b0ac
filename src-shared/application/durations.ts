// Durations and sizes as people write them (30s, 1.5h, 512M), read and written.

/** A year: far above any run, far below where milliseconds lose precision. */
export const DURATION_MS_MAX = 365 * 24 * 60 * 60 * 1000;
/** One exbibyte would be beyond any host; one pebibyte keeps all sums exact. */
export const SIZE_BYTES_MAX = 2 ** 50;

const DURATION_UNITS_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

const SIZE_UNITS_BYTES: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["K", 2 ** 10],
  ["M", 2 ** 20],
  ["G", 2 ** 30],
  ["T", 2 ** 40],
]);

/** Milliseconds of "30" (seconds), "500ms", "30s", "5m", "2h", "1d", "1.5h"; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const parts = /^(\d{1,15}(?:\.\d{1,6})?) ?(ms|s|m|h|d)?$/.exec(text.trim());
  if (parts === null) return undefined;
  const durationMs = Math.round(Number(parts[1]) * (DURATION_UNITS_MS.get(parts[2] ?? "s") ?? 1));
  return durationMs <= DURATION_MS_MAX ? durationMs : undefined;
}

/** The shortest exact way to write it: 90 s is "90s", 120 s is "2m". */
export function writeDuration(durationMs: number): string {
  if (durationMs === 0) return "0s";
  const largestFirst = [...DURATION_UNITS_MS].reverse();
  const [unit, unitMs] = largestFirst.find(([, ms]) => durationMs % ms === 0) ?? ["ms", 1];
  return `${String(durationMs / unitMs)}${unit}`;
}

/** Bytes of "4096", "64K", "512M", "2G", "1T" (powers of 1024, also "64KiB" or "64KB"); undefined when it is none of these. */
export function parseSize(text: string): number | undefined {
  const parts = /^(\d{1,16}) ?(?:([KMGT])(?:i?B)?|B)?$/i.exec(text.trim());
  if (parts === null) return undefined;
  const bytes = Number(parts[1]) * (SIZE_UNITS_BYTES.get((parts[2] ?? "").toUpperCase()) ?? 1);
  return bytes <= SIZE_BYTES_MAX ? bytes : undefined;
}

export function writeSize(bytes: number): string {
  if (bytes === 0) return "0";
  const largestFirst = [...SIZE_UNITS_BYTES].reverse();
  const [unit, unitBytes] = largestFirst.find(([, size]) => bytes % size === 0) ?? ["", 1];
  return `${String(bytes / unitBytes)}${unit}`;
}
