// Changes values in the text of a plush.prefs, and nothing else: comments, unknown lines and the order stay. Pure.
import { writeDuration } from "#shared/application/durations.ts";
import { placeOfValue, type PreferenceKey } from "./preferences.ts";

/** By key; null: the line goes, so that the default counts. */
export type PreferenceChanges = Readonly<Partial<Record<PreferenceKey, string | null>>>;

export type EditedPreferences =
  | { readonly kind: "ok"; readonly text: string }
  | { readonly kind: "refused"; readonly key: PreferenceKey; readonly message: string };

export function editPreferences(text: string, changes: PreferenceChanges): EditedPreferences {
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  let lines: readonly string[] = text.split(/\r\n|\r|\n/);
  for (const [key, value] of Object.entries(changes) as [PreferenceKey, string | null][]) {
    const written = value === null ? undefined : quoted(value);
    if (value !== null && written === undefined)
      return { kind: "refused", key, message: "it holds both kinds of quotes, or more than one line" };
    lines = withValue(lines, key, written);
  }
  const edited = lines.join(lineEnd);
  return { kind: "ok", text: edited === "" || edited.endsWith(lineEnd) ? edited : edited + lineEnd };
}

/** Of a key that is set twice the last line counts; the others of its kind go. */
function withValue(
  lines: readonly string[],
  key: PreferenceKey,
  written: string | undefined,
): readonly string[] {
  const places = lines.map((line) => placeOfValue(line.replace(/^\uFEFF/, ""), key));
  const last = places.findLastIndex((place) => place !== undefined);
  if (written === undefined || last >= 0)
    return lines.flatMap((line, index) => {
      const place = places[index];
      if (place === undefined) return [line];
      if (index !== last || written === undefined) return [];
      const mark = line.startsWith("\uFEFF") ? 1 : 0;
      return [`${line.slice(0, place.start + mark)}${written}${line.slice(place.end + mark)}`];
    });
  const added = `${key} = ${written}`;
  return lines.at(-1) === "" ? [...lines.slice(0, -1), added, ""] : [...lines, added];
}

/** Undefined: no line can hold it. */
function quoted(value: string): string | undefined {
  if (/[\r\n\0]/.test(value)) return undefined;
  if (value !== "" && !/[\s#"']/.test(value)) return value;
  if (!value.includes('"')) return `"${value}"`;
  return value.includes("'") ? undefined : `'${value}'`;
}

/** The value in the form that the parser reads. */
export function preferenceText(key: PreferenceKey, value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.join(", ");
  if (key === "timeout") return value === 0 ? "0" : writeDuration(Number(value));
  return String(value);
}
