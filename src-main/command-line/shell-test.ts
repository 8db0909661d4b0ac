// The shell's `test`: whether hosts can be used.
import type { HostTest } from "#shared/controller-api/host-tests.ts";
import { CommandFailure } from "./command-failure.ts";
import { FANOUT_DEFAULT } from "./options.ts";
import { renderTests, summariseTests } from "./render-test.ts";
import { hostsRemedy } from "./session.ts";
import { chosenHosts } from "./shell-where.ts";
import type { ShellSession } from "./shell-session.ts";

export async function testFromShell(shell: ShellSession, words: readonly string[]): Promise<number> {
  const { api, screen, session } = shell;
  const hosts = chosenHosts(shell, words);
  const tests: HostTest[] = [];
  const fanout = session.preferences.fanout ?? FANOUT_DEFAULT;
  const options = { fanout, hosts, group: undefined, exclude: undefined, users: [], components: true };
  const result = await api.testHosts(options, (test) => tests.push(test)).ended;
  if (result.kind === "refused") throw new CommandFailure(result.exitCode, result.reason, hostsRemedy(api));
  const { exitCode, reason } = summariseTests(tests);
  screen.print([...renderTests(tests, session.style, session.quiet), reason]);
  return exitCode;
}
