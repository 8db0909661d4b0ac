// What only the program ssh can do, against a real sshd: certificates of users and hosts, ProxyCommand; and ssh2 points at it.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { farmHindrance, SshFarm } from "./ssh-farm.ts";
import { failureOf, SshPlace, told, valueOf } from "./ssh-place.ts";

const HOST = "127.1.0.1";

describe.skipIf(farmHindrance() !== undefined)("certificates of SSH", () => {
  let place: SshPlace;
  let farm: SshFarm;
  let stranger: string;
  let user: string;

  /** Without a passphrase; certificates of it lie beside it. */
  function newKey(name: string, type = "ed25519"): string {
    const file = join(place.folder, name);
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "", "-f", file]);
    return file;
  }

  const sign = (authority: string, key: string, ...how: readonly string[]): void => {
    execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "test", "-V", "+1h", ...how, `${key}.pub`]);
  };

  function configure(...lines: readonly string[]): void {
    place.writeConfig(["Host *", "User root", `Port ${String(farm.port)}`, ...lines, ""].join("\n"));
  }

  beforeAll(async () => {
    place = new SshPlace();
    const [authority, host] = [newKey("authority"), newKey("host", "ecdsa")];
    user = newKey("user");
    stranger = newKey("stranger");
    sign(authority, user, "-n", "root");
    sign(authority, host, "-h", "-n", HOST);
    farm = await SshFarm.open({
      homes: join(place.folder, "homes"),
      config: [
        "AuthorizedKeysFile none",
        `TrustedUserCAKeys ${authority}.pub`,
        `HostKey ${host}`,
        `HostCertificate ${host}-cert.pub`,
      ],
    });
    place.writeKnownHosts(`@cert-authority * ${readFileSync(`${authority}.pub`, "utf8")}`);
  });

  afterAll(async () => {
    await farm.close();
    await place.close();
  });

  test("system-ssh goes by them, and refuses who has none", async () => {
    const transport = place.transport("system-ssh", { hostKeyPolicy: "yes" });
    configure(`IdentityFile ${user}`);
    valueOf(await place.connect(transport, HOST));
    // Its certificate is for one name only.
    expect(told(await place.connect(transport, "127.1.0.2"))).toMatch(/^host key: /);
    configure(`IdentityFile ${stranger}`);
    const other = place.transport("system-ssh", { hostKeyPolicy: "yes" });
    expect(told(await place.connect(other, HOST))).toMatch(/^login: Permission denied/);
  });

  test("ssh2 points at system-ssh, for the host's and for the user's", async () => {
    configure(`IdentityFile ${user}`);
    const host = failureOf(await place.connect(place.transport("ssh2"), HOST));
    expect(host).toMatchObject({
      step: "host key",
      reason: expect.stringContaining("cannot check certificates"),
    });
    expect(host.remedy).toContain('transport="system-ssh" for these hosts in the directory');
    const login = failureOf(await place.connect(place.transport("ssh2", { hostKeyPolicy: "no" }), HOST));
    expect(login).toMatchObject({ step: "login" });
    expect(login.reason).toContain(`${user}-cert.pub (a certificate, which ssh2 does not know)`);
    expect(login.remedy).toContain('transport="system-ssh" for these hosts in the directory');
  });

  test("ProxyCommand carries a connection by system-ssh; ssh2 points at it", async () => {
    const relay = join(place.folder, "relay.mjs");
    writeFileSync(
      relay,
      'import { connect } from "node:net";\nconst [, , host, port] = process.argv;\n' +
        "const socket = connect(Number(port), host);\nprocess.stdin.pipe(socket).pipe(process.stdout);\n",
    );
    configure(`IdentityFile ${user}`, `ProxyCommand ${process.execPath} ${relay} %h %p`);
    valueOf(await place.connect(place.transport("system-ssh"), HOST));
    const refusal = failureOf(await place.connect(place.transport("ssh2"), HOST));
    expect(refusal.reason).toContain("ProxyCommand");
    expect(refusal.remedy).toContain("transport = system-ssh in plush.prefs");
  });
});
