// Reads <process>: what to run, in which environment, within which limits, and what to do when it ends.
import { DEFAULTS } from "./application-limits.ts";
import type {
  CollectRule,
  EnvironmentVariable,
  ExitAction,
  ExitCondition,
  ExitPolicy,
  HealthCheck,
  ProcessDefinition,
  ResourceLimits,
} from "./application.ts";
import {
  attributeOffset,
  attributeText,
  childOf,
  childrenOf,
  readChoice,
  readCount,
  readDurationMs,
  readName,
  readSizeBytes,
  readYesNo,
  trimmedTextOf,
} from "./element-reader.ts";
import type { ProblemList } from "./problem-list.ts";
import { attributeOf, type XmlElement } from "./xml-document.ts";

/** Exit statuses are one byte; Windows has larger ones, which fall under "nonzero". */
const STATUS_MAX = 255;
const PORT_NAME = "port";

/** `inherited`: the policies of the blocks around it, innermost first. */
export function parseProcess(
  element: XmlElement,
  blockName: string,
  inherited: readonly ExitPolicy[],
  problems: ProblemList,
): ProcessDefinition {
  const path = trimmedTextOf(childOf(element, "path"));
  if (path === "") {
    problems.error(
      (childOf(element, "path") ?? element).span.start,
      "the process has no <path>",
      "Write <path>…</path>: the program to run.",
    );
  }
  return {
    span: element.span,
    name: readName(element, problems, blockName === "" ? undefined : blockName),
    path,
    args: parseArguments(element),
    cwd: trimmedTextOf(childOf(element, "cwd")),
    environment: childrenOf(childOf(element, "environment"), "variable").map((variable) =>
      parseEnvironmentVariable(variable, problems),
    ),
    user: attributeText(element, "user"),
    exitPolicies: [...parseExitPolicies(element, problems), ...inherited],
    deadlineMs: readDurationMs(element, "deadline", { fallback: undefined, min: 1 }, problems),
    service: readYesNo(element, "service", problems),
    healthCheck: parseHealthCheck(childOf(element, "health_check"), problems),
    limits: parseLimits(childOf(element, "limits"), problems),
    stopGraceMs: readDurationMs(element, "stop_grace", { fallback: DEFAULTS.stopGraceMs }, problems),
    collects: parseCollects(element, problems),
  };
}

/** Arguments are taken exactly as they are written, blanks and line breaks too. */
function parseArguments(element: XmlElement): string[] {
  return childrenOf(childOf(element, "cmdline"), "arg").map((argument) => argument.text);
}

function parseEnvironmentVariable(element: XmlElement, problems: ProblemList): EnvironmentVariable {
  const name = readName(element, problems);
  const { span } = element;
  if (name.includes("=")) {
    problems.error(
      attributeOffset(element, "name"),
      `'${name}' cannot be the name of an environment variable`,
      "Delete the '='.",
    );
  }
  const secret = attributeText(element, "secret");
  const value = attributeOf(element, "value")?.value;
  if (secret !== undefined && value !== undefined) {
    problems.error(
      attributeOffset(element, "secret"),
      `the variable '${name}' has both a value and a secret`,
      "Keep one of them.",
    );
  }
  if (secret !== undefined) return { span, name, kind: "secret", secret };
  if (value === undefined) {
    problems.error(
      span.start,
      `the variable '${name}' has neither a value nor a secret`,
      'Write value="…" or secret="…".',
    );
  }
  return { span, name, kind: "value", value: value ?? "" };
}

export function parseExitPolicies(parent: XmlElement | undefined, problems: ProblemList): ExitPolicy[] {
  const policies: ExitPolicy[] = [];
  for (const element of childrenOf(parent, "exit_policy")) {
    const policy = parseExitPolicy(element, problems);
    if (policy !== undefined) policies.push(policy);
  }
  return policies;
}

const ACTIONS: readonly ExitAction[] = ["continue", "ignore", "fail", "restart", "replace", "abort"];

function parseExitPolicy(element: XmlElement, problems: ProblemList): ExitPolicy | undefined {
  const condition = parseExitCondition(element, problems);
  const action = readChoice(element, "action", ACTIONS, undefined, problems);
  if (action === undefined && attributeText(element, "action") === undefined) {
    problems.error(
      element.span.start,
      "the exit policy has no action",
      `Write action="…": one of ${ACTIONS.join(", ")}.`,
    );
  }
  if (condition === undefined || action === undefined) return undefined;
  if (action !== "restart") warnOfRestartAttributes(element, action, problems);
  const delayMs = readDurationMs(element, "delay", { fallback: DEFAULTS.restartDelayMs }, problems);
  const delayMsMax = readDurationMs(
    element,
    "delay_max",
    { fallback: Math.max(delayMs, DEFAULTS.restartDelayMsMax) },
    problems,
  );
  if (delayMsMax < delayMs) {
    problems.error(
      attributeOffset(element, "delay_max"),
      "delay_max is shorter than delay",
      "Raise it, or delete it.",
    );
  }
  const limit = readCount(element, "limit", { fallback: DEFAULTS.restartLimit, min: 1 }, problems);
  return { span: element.span, condition, action, limit, delayMs, delayMsMax };
}

function warnOfRestartAttributes(element: XmlElement, action: ExitAction, problems: ProblemList): void {
  for (const name of ["limit", "delay", "delay_max"]) {
    const attribute = attributeOf(element, name);
    if (attribute === undefined) continue;
    const message = `${name} has no effect with action="${action}"`;
    problems.warning(attribute.nameSpan.start, message, 'Delete it, or write action="restart".');
  }
}

function parseExitCondition(element: XmlElement, problems: ProblemList): ExitCondition | undefined {
  const status = attributeText(element, "status")?.trim();
  const on = attributeText(element, "on")?.trim();
  if ((status === undefined) === (on === undefined)) {
    const what = status === undefined ? "says neither status nor on" : "says both status and on";
    problems.error(element.span.start, `the exit policy ${what}`, 'Write either status="…" or on="…".');
    return undefined;
  }
  const condition = status === undefined ? eventCondition(on ?? "") : statusCondition(status);
  if (condition !== undefined) return condition;
  const name = status === undefined ? "on" : "status";
  const remedy =
    status === undefined
      ? "Write signal, signal:SIGSEGV (or another signal), deadline, unhealthy or not_started."
      : `Write a status such as 3, a range such as 1-9 (0 to ${String(STATUS_MAX)}), or nonzero.`;
  problems.error(
    attributeOffset(element, name),
    `'${status ?? on ?? ""}' is nothing that a process can end with`,
    remedy,
  );
  return undefined;
}

function statusCondition(text: string): ExitCondition | undefined {
  if (text === "nonzero") return { kind: "nonzero" };
  const parts = /^(\d{1,3})(?: ?- ?(\d{1,3}))?$/.exec(text);
  if (parts === null) return undefined;
  const from = Number(parts[1]);
  const to = Number(parts[2] ?? parts[1]);
  return from <= to && to <= STATUS_MAX ? { kind: "status", from, to } : undefined;
}

function eventCondition(text: string): ExitCondition | undefined {
  switch (text) {
    case "signal":
      return { kind: "signal", signal: undefined };
    case "deadline":
    case "unhealthy":
      return { kind: text };
    case "not_started":
      return { kind: "notStarted" };
    default: {
      const signal = /^signal:(SIG[A-Z0-9+-]{1,12})$/.exec(text)?.[1];
      return signal === undefined ? undefined : { kind: "signal", signal };
    }
  }
}

function parseHealthCheck(element: XmlElement | undefined, problems: ProblemList): HealthCheck | undefined {
  if (element === undefined) return undefined;
  const probe = parseProbe(element, problems);
  const intervalMs = readDurationMs(
    element,
    "interval",
    { fallback: DEFAULTS.healthIntervalMs, min: 100 },
    problems,
  );
  const timeoutMs = readDurationMs(
    element,
    "timeout",
    { fallback: DEFAULTS.healthTimeoutMs, min: 1 },
    problems,
  );
  const failures = readCount(element, "failures", { fallback: DEFAULTS.healthFailures, min: 1 }, problems);
  const startMs = readDurationMs(element, "start", { fallback: DEFAULTS.healthStartMs }, problems);
  return probe === undefined
    ? undefined
    : { span: element.span, probe, intervalMs, timeoutMs, failures, startMs };
}

function parseProbe(element: XmlElement, problems: ProblemList): HealthCheck["probe"] | undefined {
  const path = trimmedTextOf(childOf(element, "path"));
  const port = attributeText(element, PORT_NAME)?.trim();
  const url = attributeText(element, "http")?.trim();
  const given = [path === "" ? undefined : path, port, url].filter((probe) => probe !== undefined);
  if (given.length !== 1) {
    const what = given.length === 0 ? "says nothing to check" : "says more than one thing to check";
    problems.error(
      element.span.start,
      `the health check ${what}`,
      "Write exactly one of <path> (with <cmdline>), port or http.",
    );
    return undefined;
  }
  if (port !== undefined) return { kind: PORT_NAME, port };
  if (url !== undefined) return { kind: "http", url };
  return { kind: "command", path, args: parseArguments(element) };
}

function parseLimits(element: XmlElement | undefined, problems: ProblemList): ResourceLimits {
  if (element === undefined) return NO_LIMITS;
  const rule = { fallback: undefined, min: 1 };
  return {
    openFiles: readCount(element, "open_files", rule, problems),
    memoryBytes: readSizeBytes(element, "memory", rule, problems),
    fileSizeBytes: readSizeBytes(element, "file_size", rule, problems),
    cpuSeconds: readCount(element, "cpu_seconds", rule, problems),
    processes: readCount(element, "processes", rule, problems),
    outputBytes: readSizeBytes(element, "output", { fallback: undefined }, problems),
  };
}

const NO_LIMITS: ResourceLimits = {
  openFiles: undefined,
  memoryBytes: undefined,
  fileSizeBytes: undefined,
  cpuSeconds: undefined,
  processes: undefined,
  outputBytes: undefined,
};

export function parseCollects(parent: XmlElement, problems: ProblemList): CollectRule[] {
  const rules: CollectRule[] = [];
  for (const element of childrenOf(parent, "collect")) {
    const path = attributeText(element, "path")?.trim();
    const optional = readYesNo(element, "optional", problems);
    if (path !== undefined) rules.push({ span: element.span, path, optional });
    else
      problems.error(
        element.span.start,
        "<collect> names no files",
        'Write path="…", such as path="results/*.json".',
      );
  }
  return rules;
}
