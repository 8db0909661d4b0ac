// A person's shell by the system's ssh: it runs on a pseudo-terminal of this computer and asks there what it must ask.
import { randomUUID } from "node:crypto";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { TerminalSize } from "#shared/controller-api/terminal-shell.ts";
import type { SshHop } from "./ssh-config.ts";
import type { SshResult, SshSettings, SshTarget } from "./ssh.ts";
import type { StandingShell, StartOnTerminal } from "./standing-shell.ts";
import { configText, FOLDER_NAME_CHARACTERS, sshArguments, SSH_TROUBLE } from "./system-ssh-master.ts";

/**
 * The folder is made and removed here, so that a controller that is killed leaves none behind: its end hangs the terminal
 * up, ssh ends, the shell goes on. Ctrl-C while ssh asks something is for ssh alone.
 */
const WITH_FOLDER = `
folder=$1 config=$2; shift 2
umask 077; mkdir "$folder" && printf %s "$config" >"$folder/config" || exit 1
trap : HUP INT QUIT TERM
ssh "$@"
status=$?
rm -rf "$folder"
exit "$status"`;

/** What ssh says last when nobody answers (any more); a shell there that says so itself is only connected to again. */
const WAY_GONE =
  /closed by remote host|Broken pipe|Connection reset|not responding|timed out|Connection refused|No route to host|unreachable|Could not resolve hostname/i;

/** It has a login of its own: whatever it is asked, it asks on its terminal. */
export function startSystemShell(
  startOnTerminal: StartOnTerminal,
  settings: SshSettings,
  reached: { readonly target: SshTarget; readonly hop: SshHop; readonly limitMs: number },
  size: TerminalSize,
): Promise<SshResult<StandingShell>> {
  const { target, hop, limitMs } = reached;
  const folder = join(tmpdir(), `nebula-ssh-${randomUUID().slice(0, FOLDER_NAME_CHARACTERS)}`);
  const args = [
    ...["-tt", "-o", "ControlMaster=no", "-o", "ControlPath=none"],
    ...sshArguments(folder, target, hop, limitMs),
    ...["--", target.host],
  ];
  const entries = Object.entries(settings.environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const program = {
    file: "/bin/sh",
    args: ["-c", WITH_FOLDER, "ssh", folder, configText(settings, target), ...args],
    directory: homedir(),
    environment: Object.fromEntries(entries),
    endOf: (status: number, lastWords: string) =>
      status === SSH_TROUBLE
        ? {
            reason: `ssh has given up (exit status ${String(status)}); it says why above`,
            isLost: WAY_GONE.test(lastWords),
          }
        : undefined,
  };
  return startOnTerminal(program, size);
}
