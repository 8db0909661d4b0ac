// Reads names, numbers, durations and choices out of elements; what is wrong becomes a problem, and a default goes on.
import { NAME_LENGTH_MAX } from "./application-limits.ts";
import { parseDuration, parseSize } from "./durations.ts";
import { suggestion } from "./nearest-name.ts";
import type { ProblemList } from "./problem-list.ts";
import { attributeOf, type XmlElement } from "./xml-document.ts";

export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The text of an element whose surrounding blanks mean nothing; "" when there is none. */
export function trimmedTextOf(element: XmlElement | undefined): string {
  return element?.text.trim() ?? "";
}

/** An attribute's value, or undefined when it is absent or blank. */
export function attributeText(element: XmlElement, name: string): string | undefined {
  const value = attributeOf(element, name)?.value;
  return value === undefined || value.trim() === "" ? undefined : value;
}

/** Where to point for an attribute: at its value, or at the element when it has no such attribute. */
export function attributeOffset(element: XmlElement, name: string): number {
  return attributeOf(element, name)?.valueSpan.start ?? element.span.start;
}

/** Where to point for an element's text: at its first visible character. */
export function textOffset(text: string, element: XmlElement): number {
  if (element.content === undefined) return element.span.start;
  const inside = text.slice(element.content.start, element.content.end);
  return element.content.start + Math.max(0, inside.search(/\S/));
}

/** The name that everything needs; "" after a problem. */
export function readName(element: XmlElement, problems: ProblemList, fallback?: string): string {
  const name = attributeText(element, "name") ?? fallback;
  if (name === undefined) {
    problems.error(attributeOffset(element, "name"), `<${element.name}> has no name`, 'Write name="…".');
    return "";
  }
  const offset = attributeOffset(element, "name");
  if (name.length > NAME_LENGTH_MAX) {
    const message = `the name of this <${element.name}> has ${String(name.length)} characters`;
    problems.error(offset, message, `Use ${String(NAME_LENGTH_MAX)} at most.`);
  }
  if (name !== name.trim()) {
    problems.warning(
      offset,
      `the name '${name}' starts or ends with a blank, which belongs to it`,
      "Delete the blank.",
    );
  }
  return name;
}

export interface NumberRule<Fallback> {
  readonly fallback: Fallback;
  /** 0 unless given. */
  readonly min?: number;
  readonly max?: number;
}

export function readDurationMs<Fallback>(
  element: XmlElement,
  name: string,
  rule: NumberRule<Fallback>,
  problems: ProblemList,
): number | Fallback {
  const text = attributeText(element, name);
  if (text === undefined) return emptyFallback(element, name, rule.fallback, problems);
  const durationMs = parseDuration(text);
  if (durationMs !== undefined && durationMs >= (rule.min ?? 0)) return durationMs;
  const message =
    durationMs === undefined ? `'${text}' is no duration` : `${name} must be longer than '${text}'`;
  problems.error(
    attributeOffset(element, name),
    message,
    "Write a number with ms, s, m, h or d, such as 30s or 1.5h; at most 365d.",
  );
  return rule.fallback;
}

export function readSizeBytes<Fallback>(
  element: XmlElement,
  name: string,
  rule: NumberRule<Fallback>,
  problems: ProblemList,
): number | Fallback {
  const text = attributeText(element, name);
  if (text === undefined) return emptyFallback(element, name, rule.fallback, problems);
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes >= (rule.min ?? 0)) return bytes;
  const message = bytes === undefined ? `'${text}' is no size` : `${name} must be more than '${text}'`;
  problems.error(
    attributeOffset(element, name),
    message,
    "Write a number of bytes, or one with K, M, G or T, such as 512M.",
  );
  return rule.fallback;
}

export function readCount<Fallback>(
  element: XmlElement,
  name: string,
  rule: NumberRule<Fallback>,
  problems: ProblemList,
): number | Fallback {
  const text = attributeText(element, name);
  if (text === undefined) return emptyFallback(element, name, rule.fallback, problems);
  const count = countOf(text, attributeOffset(element, name), name, rule, problems);
  return count ?? rule.fallback;
}

/** A whole number within the rule's bounds, or undefined after a problem. */
export function countOf(
  text: string,
  offset: number,
  what: string,
  rule: { readonly min?: number; readonly max?: number },
  problems: ProblemList,
): number | undefined {
  const min = rule.min ?? 0;
  const max = rule.max ?? Number.MAX_SAFE_INTEGER;
  const bounds =
    rule.max === undefined ? `of at least ${String(min)}` : `from ${String(min)} to ${String(max)}`;
  const written = text.trim();
  if (!/^[+-]?\d+$/.test(written)) {
    const message = written === "" ? `${what} is empty` : `'${written}' is no whole number`;
    problems.error(offset, message, `Write a whole number ${bounds} for ${what}.`);
    return undefined;
  }
  const count = Number(written);
  if (count >= min && count <= max) return count;
  const limit = count < min ? `less than ${String(min)}` : `more than ${String(max)}`;
  problems.error(offset, `${what} is ${written}, which is ${limit}`, `Write a whole number ${bounds}.`);
  return undefined;
}

export function readYesNo(element: XmlElement, name: string, problems: ProblemList): boolean {
  const text = attributeText(element, name)?.trim();
  if (text === undefined || text === "false" || text === "0") return false;
  if (text === "true" || text === "1") return true;
  problems.error(attributeOffset(element, name), `${name} is '${text}'`, 'Write "true" or "false".');
  return false;
}

/** One of a few words; `fallback` stands for an absent attribute and for a wrong one. */
export function readChoice<Choice extends string, Fallback>(
  element: XmlElement,
  name: string,
  choices: readonly Choice[],
  fallback: Fallback,
  problems: ProblemList,
): Choice | Fallback {
  const text = attributeText(element, name)?.trim();
  if (text === undefined) return fallback;
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  const message = `${name} '${text}' of <${element.name}> is not supported${suggestion(text, choices)}`;
  problems.error(attributeOffset(element, name), message, `Supported are ${listed(choices)}.`);
  return fallback;
}

/** "a, b and c" */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

function emptyFallback<Fallback>(
  element: XmlElement,
  name: string,
  fallback: Fallback,
  problems: ProblemList,
): Fallback {
  if (attributeOf(element, name) !== undefined) {
    problems.error(
      attributeOffset(element, name),
      `${name} of <${element.name}> is empty`,
      "Write a value, or delete the attribute.",
    );
  }
  return fallback;
}
