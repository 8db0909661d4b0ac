// Which transport reaches a host: what the directory says of it, else the preferences, else ssh2; each loaded when first needed.
import type { SshTransportName } from "#shared/resource-directory/resource-directory.ts";
import type { HostKeyReviews } from "./host-key-reviews.ts";
import type { StartOnTerminal } from "./standing-shell.ts";
import type { SshQuestions, SshSettings, SshTarget, SshTransport } from "./ssh.ts";

export interface TransportParts {
  readonly questions: SshQuestions;
  readonly warn: (text: string) => void;
  readonly reviews: HostKeyReviews;
  /** For the system's ssh, when a person types in it. */
  readonly startOnTerminal: StartOnTerminal;
}

export interface SshTransports {
  /** Undefined: nobody has said anything of the host. */
  byName(wanted: SshTransportName | undefined): Promise<SshTransport>;
  close(): Promise<void>;
}

/** Reading them takes as long as all the rest of the program: only those wait who have hosts behind SSH. */
export function createTransports(
  parts: TransportParts,
  settings: SshSettings,
  otherwise: SshTransportName = "ssh2",
): SshTransports {
  const loaded = new Map<SshTransportName, Promise<SshTransport>>();
  return {
    byName(wanted) {
      const name = wanted ?? otherwise;
      const known = loaded.get(name);
      if (known !== undefined) return known;
      const loading = (name === "ssh2" ? loadSsh2(parts, settings) : loadSystemSsh(parts, settings)).then(
        (transport) => withUser(transport, settings.user),
      );
      loaded.set(name, loading);
      return loading;
    },
    async close() {
      await Promise.all([...loaded.values()].map(async (transport) => (await transport).close()));
    },
  };
}

/** Whose hosts the directory says nothing of; whoever stands on the way to them keeps the user of ~/.ssh/config. */
export function withUser(transport: SshTransport, user: string | undefined): SshTransport {
  if (user === undefined) return transport;
  const meant = (target: SshTarget): SshTarget => ({ ...target, user: target.user ?? user });
  return {
    connect: (target, signal) => transport.connect(meant(target), signal),
    shell: (target, size, signal) => transport.shell(meant(target), size, signal),
    close: () => transport.close(),
  };
}

async function loadSsh2(
  { questions, warn, reviews }: TransportParts,
  settings: SshSettings,
): Promise<SshTransport> {
  const [{ createSsh2Transport }, { createSshResolve }] = await Promise.all([
    import("./ssh2-transport.ts"),
    import("./ssh-config.ts"),
  ]);
  return createSsh2Transport({ questions, resolve: createSshResolve(settings), reviews, warn }, settings);
}

async function loadSystemSsh(
  { questions, warn, startOnTerminal }: TransportParts,
  settings: SshSettings,
): Promise<SshTransport> {
  const [{ createSystemSshTransport }, { createSshResolve }] = await Promise.all([
    import("./system-ssh-transport.ts"),
    import("./ssh-config.ts"),
  ]);
  return createSystemSshTransport(
    { questions, resolve: createSshResolve(settings), warn, startOnTerminal },
    settings,
  );
}
