// Tests a host behind SSH as a run would use it, step by step, and leaves nothing there.
import type { HostCheck } from "#shared/controller-api/host-tests.ts";
import type { RootAddress } from "#shared/protocol/credentials.ts";
import type { SshConnection, SshFailure, SshTarget, SshTransport } from "../ssh/ssh.ts";
import {
  CHECKS_BEFORE_SHELL,
  judgeClock,
  judgePorts,
  judgeProbeSteps,
  judgeSudo,
  sudoWish,
} from "./judge-host-test.ts";
import { shellRemedy } from "./failure-remedies.ts";
import { NODE_MIN } from "./host-probe.ts";
import { NODE_KILOBYTES } from "./node-pins.ts";
import { oneLine, REMOTE_SHELL_COMMAND } from "./remote-script.ts";
import { RemoteShell, type Answer } from "./remote-shell.ts";
import { TEST_SCRIPT } from "./test-script.ts";

/** sudo asks its name service; ports have deadlines of their own, one after the other. */
const STEP_MS = 30_000;
const CLEAN_MS = 15_000;

export interface SshHostTest {
  readonly transport: SshTransport;
  readonly target: SshTarget;
  /** Where the client would listen; undefined = nobody would dial it, or any port will do. */
  readonly port: number | undefined;
  /** Names what the test has there for as long as it goes on. */
  readonly name: string;
  readonly mayPush: boolean;
  readonly users: readonly string[];
  readonly password: (account: string, wrong: boolean) => Promise<string | undefined>;
  readonly shellDeadlineMs: number;
  /** Where the host finds the controller; none when it need not. */
  readonly addresses: readonly RootAddress[];
  readonly signal: AbortSignal;
}

export async function testSshHost(test: SshHostTest): Promise<readonly HostCheck[]> {
  const connected = await test.transport.connect(test.target, test.signal);
  if (connected.kind === "failed") return checksUpTo(connected.failure);
  const connection = connected.value;
  try {
    return [...CHECKS_BEFORE_SHELL.map(ok), ...(await testOver(connection, test))];
  } finally {
    connection.close();
  }
}

async function testOver(connection: SshConnection, test: SshHostTest): Promise<readonly HostCheck[]> {
  const { signal, name, mayPush, shellDeadlineMs: deadlineMs } = test;
  const opened = await connection.open(REMOTE_SHELL_COMMAND, signal);
  if (opened.kind === "failed") return [failedCheck({ ...opened.failure, step: "shell" })];
  const shell = new RemoteShell(opened.value, () => undefined);
  const wanted = [NODE_MIN.major, NODE_MIN.minor, mayPush ? NODE_KILOBYTES : 0].map(String);
  const probed = await shell.ask(["probe", name, "none", ...wanted], { deadlineMs, signal });
  if (probed.kind === "failed")
    return [
      failedCheck({ ...probed, remedy: shellRemedy(probed.reason), step: "shell", unreachable: false }),
    ];
  const { checks, node, seen } = judgeProbeSteps(probed.lines, mayPush);
  const learnt = await shell.ask(["learn", oneLine(TEST_SCRIPT)], { deadlineMs: STEP_MS, signal });
  const more = learnt.kind === "failed" ? [] : await testMore(shell, test, node, seen);
  await shell.ask(["clean", "remove"], { deadlineMs: CLEAN_MS, signal });
  shell.close();
  return [ok("shell"), ...checks, ...more];
}

async function testMore(
  shell: RemoteShell,
  { users, password, port, addresses, signal }: SshHostTest,
  node: string | undefined,
  seen: string | undefined,
): Promise<readonly HostCheck[]> {
  const ask = (words: readonly string[], body?: Uint8Array): Promise<Answer> =>
    shell.ask(words, { ...(body === undefined ? {} : { body }), deadlineMs: STEP_MS, signal });
  const beforeMs = Date.now();
  const clock = await ask(["do_clock"]);
  const checks: HostCheck[] = clock.kind === "done" ? [...judgeClock(clock.lines, beforeMs, Date.now())] : [];
  for (const user of users) checks.push(await testSudo(user, ask, password));
  if (node === undefined) return checks;
  const back = addresses[0]?.port;
  const first = seen === undefined || back === undefined ? [] : [{ host: seen, port: back }];
  const all = [...first, ...addresses.filter((address) => address.host !== seen)];
  const words = [port ?? 0, ...all.flatMap((address) => [address.host, address.port])].join(" ");
  return [...checks, ...judgePorts(port, await ask(["do_ports", node, words]))];
}

/** As sudo itself (passwd_tries). */
const PASSWORD_TRIES = 3;

/** What a run would do: without a password if that is enough, else with that of the account. */
async function testSudo(
  user: string,
  ask: (words: readonly string[], body?: Uint8Array) => Promise<Answer>,
  password: SshHostTest["password"],
): Promise<HostCheck> {
  let answer = await ask(["do_sudo", user]);
  for (let tries = 0; tries < PASSWORD_TRIES; tries += 1) {
    const wish = sudoWish(answer);
    if (wish === undefined) break;
    const given = await password(wish.account, wish.wrong);
    if (given === undefined) return judgeSudo(user, answer);
    const body = new TextEncoder().encode(`${given}\n`);
    answer = await ask(["do_sudo_by", user, String(body.length)], body);
  }
  return judgeSudo(user, answer);
}

/** What comes before the step that failed has worked. */
function checksUpTo(failure: SshFailure): readonly HostCheck[] {
  const at = CHECKS_BEFORE_SHELL.findIndex((step) => step === failure.step);
  return [...CHECKS_BEFORE_SHELL.slice(0, Math.max(0, at)).map(ok), failedCheck(failure)];
}

function ok(step: string): HostCheck {
  return { step, outcome: "ok", detail: "", remedy: "", unreachable: false };
}

function failedCheck({ step, reason, remedy, unreachable }: SshFailure): HostCheck {
  return { step, outcome: "failed", detail: reason, remedy, unreachable };
}
