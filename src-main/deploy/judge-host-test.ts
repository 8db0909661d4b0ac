// What the answers of a host that is tested mean: ok, a warning, or a failure with what to do (pure).
import type { HostCheck } from "#shared/controller-api/host-tests.ts";
import type { DeployFailure } from "./deployment.ts";
import { judgeNode, judgeSystem, noBase, seenIn } from "./host-probe.ts";
import type { Answer, AnswerLine } from "./remote-shell.ts";

export const CHECKS_BEFORE_SHELL = ["resolve", "connect", "host key", "login"] as const;

/** Logs of both sides can still be compared by eye. */
const CLOCK_WARNING_SECONDS = 5;
/** Certificates are valid from a day ago on, for 25 hours: with a clock beyond that, a client takes them for wrong. */
const BEHIND_SECONDS_MAX = 86_400;
const AHEAD_SECONDS_MAX = 90_000;
const KILOBYTES_PER_GIGABYTE = 1_048_576;
/** Ports below it are the administrator's. */
const NOT_ALLOWED = "EACCES";

export interface ProbedSteps {
  readonly checks: readonly HostCheck[];
  /** A Node that is there and new enough. */
  readonly node: string | undefined;
  /** Where the connection came from, as the host sees it. */
  readonly seen: string | undefined;
}

/** Each for itself: what is wrong in one place does not hide the next. */
export function judgeProbeSteps(lines: readonly AnswerLine[], mayPush: boolean): ProbedSteps {
  const seen = seenIn(lines);
  const system = judgeSystem(seen);
  const [name = ""] = seen.all("system");
  const [base] = seen.all("base");
  const node = judgeNode(seen, mayPush);
  const [from = ""] = seen.all("seen");
  const checks = [
    system === undefined ? check("system", "ok", name) : failed(system),
    base === undefined ? failed(noBase(seen)) : diskCheck(base, seen.all("free")[0], seen.all("unfit")),
    nodeCheck(node, seen.all("node").at(-1)),
  ];
  const address = /^[\da-fA-F.:]+/u.exec(from)?.[0];
  return { checks, node: node.kind === "there" ? node.path : undefined, seen: address };
}

function diskCheck(base: string, free: string | undefined, unfit: readonly string[]): HostCheck {
  const kilobytes = Number(free);
  const room = Number.isFinite(kilobytes)
    ? `, ${(kilobytes / KILOBYTES_PER_GIGABYTE).toFixed(1)} GB free`
    : "";
  if (unfit.length === 0) return check("disk", "ok", `${base}${room}`);
  return check("disk", "warning", `${base}${room} is used, because others cannot be: ${unfit.join("; ")}`);
}

function nodeCheck(node: ReturnType<typeof judgeNode>, best: string | undefined): HostCheck {
  switch (node.kind) {
    case "there":
      return check("node", "ok", best ?? node.path);
    case "lacking":
      return check("node", "warning", `${node.reason}; Nebula brings one`);
    case "unfit":
      return failed(node.failure);
  }
}

/** The host has looked at its clock at some moment between these two of ours. */
export function judgeClock(
  lines: readonly AnswerLine[],
  beforeMs: number,
  afterMs: number,
): readonly HostCheck[] {
  const [text = ""] = seenIn(lines).all("clock");
  const seconds = Number(text);
  if (text === "" || !Number.isFinite(seconds)) return [];
  const ahead = Math.max(0, seconds - afterMs / 1000);
  // It shows whole seconds, cut off.
  const behind = Math.max(0, beforeMs / 1000 - (seconds + 1));
  const skew = Math.round(Math.max(ahead, behind));
  if (skew < CLOCK_WARNING_SECONDS) return [check("clock", "ok", "")];
  const words = `${skewText(skew)} ${ahead > 0 ? "ahead" : "behind"}`;
  const remedy = "Set the host's clock (NTP).";
  return [
    check(
      "clock",
      skew < (ahead > 0 ? AHEAD_SECONDS_MAX : BEHIND_SECONDS_MAX) ? "warning" : "failed",
      words,
      remedy,
    ),
  ];
}

/** Rounded, so that hosts that are equally wrong are one group. */
function skewText(seconds: number): string {
  if (seconds < 60) return `${String(seconds)} s`;
  if (seconds < 7200) return `${String(Math.round(seconds / 60))} min`;
  return `${String(Math.round(seconds / 3600))} h`;
}

const WANTS_PASSWORD = /(?:password|terminal) is required|askpass/iu;
const IS_WRONG = /incorrect password|Sorry, try again|no password was provided/iu;

/** Whose password is wanted, if one is; `wrong`: the one before was not right. */
export function sudoWish(answer: Answer): { readonly account: string; readonly wrong: boolean } | undefined {
  if (answer.kind === "failed") return undefined;
  const word = (wanted: string): string => answer.lines.find(({ key }) => key === wanted)?.text ?? "";
  const words = word("sudo");
  // What is said of a wrong one says as well that one is required.
  const wrong = IS_WRONG.test(words);
  return wrong || WANTS_PASSWORD.test(words) ? { account: word("account"), wrong } : undefined;
}

export function judgeSudo(user: string, answer: Answer): HostCheck {
  const words =
    answer.kind === "failed" ? answer.reason : (answer.lines.find(({ key }) => key === "sudo")?.text ?? "");
  if (words === "ok") return check("sudo", "ok", `may become ${user}`);
  if (IS_WRONG.test(words))
    return check("sudo", "failed", `${user}: sudo: incorrect password`, "Try again with the right one.");
  if (WANTS_PASSWORD.test(words))
    return check(
      "sudo",
      "failed",
      `${user}: sudo: a password is required, and nobody has given one`,
      "Run plush at a terminal without --no-input, and it asks; or allow it without one (NOPASSWD in sudoers).",
    );
  const reason = words === "" ? "sudo refuses" : words;
  return check(
    "sudo",
    "failed",
    `${user}: ${reason}`,
    "Allow it in the host's sudoers, or choose another user.",
  );
}

export function judgePorts(port: number | undefined, answer: Answer): readonly HostCheck[] {
  if (answer.kind === "failed") return [check("way back", "warning", `not tested: ${answer.reason}`)];
  const word = (key: string): string | undefined => answer.lines.find((line) => line.key === key)?.text;
  const dial = word("dial");
  const listen = word("listen");
  return [
    ...(dial === undefined ? [] : [dialCheck(dial)]),
    ...(port === undefined || listen === undefined ? [] : [listenCheck(port, listen)]),
  ];
}

function dialCheck(dial: string): HostCheck {
  if (dial.startsWith("reached ")) return check("way back", "ok", "");
  return check(
    "way back",
    "warning",
    `the host does not reach the controller (${portless(dial.replace(/^failed /u, ""))}): links are made the other way`,
    "Open controller_port for hosts, if they should dial.",
  );
}

/** The port is any free one, and another one next time. */
function portless(text: string): string {
  return text.replaceAll(/:\d+(?= )/gu, "");
}

function listenCheck(port: number, listen: string): HostCheck {
  if (listen === "free") return check("client port", "ok", String(port));
  const reason = listen === NOT_ALLOWED ? "may not be used by this user" : "is in use by somebody else";
  return check("client port", "warning", `${String(port)} ${reason}; the next free one is taken`);
}

function check(step: string, outcome: HostCheck["outcome"], detail: string, remedy = ""): HostCheck {
  return { step, outcome, detail, remedy, unreachable: false };
}

function failed({ step, reason, remedy, unreachable }: DeployFailure): HostCheck {
  return { step, outcome: "failed", detail: reason, remedy, unreachable };
}
