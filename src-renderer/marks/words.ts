// How the window writes numbers, times and sets of hosts: the same everywhere.
import { foldNames } from "#shared/node-set/node-set.ts";

/** `142 ms`, `1.2 s`, `57 s`, `3:42`, `1:02:03`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))}\u00a0ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)}\u00a0s`;
  if (ms < 60_000) return `${String(Math.floor(ms / 1000))}\u00a0s`;
  return clockText(ms);
}

/** `0:03`, `3:42`, `1:02:03`: for times that tick. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0
    ? `${String(hours)}:${two(minutes)}:${two(seconds % 60)}`
    : `${String(minutes)}:${two(seconds % 60)}`;
}

/** `21:07:26`, `21:07:26.421`: when it was, by the clock of whoever reads it. */
export function dayTimeText(timeMs: number, withMs = false): string {
  const time = new Date(timeMs);
  const text = [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  return withMs ? `${text}.${String(time.getMilliseconds()).padStart(3, "0")}` : text;
}

/** `12 400`: thousands apart, by no-break spaces. */
export function countText(count: number): string {
  const digits = String(count);
  return digits.length < 5 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, "\u00a0");
}

/** `1 host`, `16 hosts`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** A folded set that is cut after a comma; whoever shows it shows the count beside it. */
export function shortSet(names: Iterable<string>, charactersMax = 60): string {
  const folded = foldNames(names);
  if (folded.length <= charactersMax) return folded;
  const cut = folded.slice(0, charactersMax);
  const comma = cut.lastIndexOf(",");
  const inside = cut.lastIndexOf("[") > cut.lastIndexOf("]");
  return `${comma > 0 ? cut.slice(0, comma) : cut},…${inside ? "]" : ""}`;
}
