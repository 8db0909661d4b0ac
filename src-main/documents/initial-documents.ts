// The texts that `plush init` writes: a first resource directory and a first plush.prefs.

/** What the person answered. */
export type InitialHosts =
  | { readonly kind: "local"; readonly count: number }
  | {
      readonly kind: "ssh";
      readonly hosts: string;
      readonly port: number;
      readonly user: string | undefined;
    };

/** Port that clients listen on when nobody says otherwise: the one in the original's own examples. */
export const CLIENT_PORT_DEFAULT = 15_400;

export function initialDirectory(hosts: InitialHosts, group: string): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<plush>"];
  switch (hosts.kind) {
    case "local": {
      const names = hosts.count === 1 ? "node1" : `node[1-${hosts.count}]`;
      lines.push(
        "  <!-- Embedded hosts on this computer: each has a directory and a client process of its own. -->",
      );
      lines.push('  <resource_manager type="local">');
      lines.push(`    <node hostname="${names}" group="${escapeXml(group)}"/>`);
      break;
    }
    case "ssh": {
      const user = hosts.user === undefined ? "" : ` user="${escapeXml(hosts.user)}"`;
      lines.push(
        "  <!-- Hosts reached by SSH. The number after the colon is the port that the client will listen on. -->",
      );
      lines.push('  <resource_manager type="ssh">');
      lines.push(
        `    <node hostname="${escapeXml(hosts.hosts)}:${hosts.port}"${user} group="${escapeXml(group)}"/>`,
      );
      break;
    }
  }
  lines.push("  </resource_manager>", "</plush>", "");
  return lines.join("\n");
}

export function initialPreferences(directory: string, fanout: number): string {
  return [
    "# Preferences of plush for this project; docs/preferences.md lists every key.",
    "# Flags and PLUSH_… environment variables win over this file.",
    `directory = ${quoted(directory)}`,
    `fanout = ${fanout}`,
    "# output = text           # or json, jsonl",
    "# colour = auto           # or always, never",
    "# results = results       # a folder; default: the state directory",
    "# results_keep = 50",
    "# keep = no               # yes: leave software on the hosts after a run",
    "# timeout = 10m           # longest time for a run",
    "# host_key_policy = ask   # or yes, accept-new, no; default: as ~/.ssh/config has it",
    "# transport = system-ssh  # for certificates, Kerberos, ProxyCommand; default: ssh2",
    "",
  ].join("\n");
}

function quoted(text: string): string {
  return /[\s#"']/.test(text) ? `"${text}"` : text;
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
