// Hosts behind sshd that are cut off from the controller: logins in network namespaces of their own.
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Why there can be none here, or undefined. */
export function islandHindrance(): string | undefined {
  const tried = spawnSync("unshare", ["-n", "ip", "link", "add", "n0", "type", "veth", "peer", "name", "n1"]);
  return tried.status === 0 ? undefined : "network namespaces, or the program ip, are not to be had here";
}

/** For `atLogin`: packets of this login go nowhere, and nobody says so. */
export const INTO_THE_VOID = loginBy(`unshare -n /bin/sh -c '
ip link add n0 type veth peer name n1; ip link set n0 up; ip link set n1 up
ip address add 10.99.0.1/24 dev n0; ip neighbour add 10.99.0.2 lladdr 02:00:00:00:00:01 dev n0
ip route add default via 10.99.0.2; exec /bin/sh "$@"' sh`);

/** For `atLogin`: whatever this login dials is refused at once. */
export const INTO_REFUSALS = loginBy("unshare -n /bin/sh");

function loginBy(command: string): string {
  return `cat >.shell <<'END'
#!/bin/sh
exec ${command} "$@"
END
chmod +x .shell
LOGIN_SHELL=$HOME/.shell`;
}

/** A network that hosts share with the controller's computer, until it is cut. */
export class Island {
  readonly #holder: ChildProcess;
  readonly #link: string;
  readonly #network: string;

  private constructor(holder: ChildProcess, link: string, network: string) {
    this.#holder = holder;
    this.#link = link;
    this.#network = network;
  }

  /** `number`, 0 to 255, tells it apart from others of the same process. */
  static async open(number: number): Promise<Island> {
    // By process and not by name: the hosts are in another mount namespace, where a name would mean nothing.
    const holder = spawn("unshare", ["-n", "/bin/sh", "-c", "echo; exec cat"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    await once(holder.stdout, "data");
    const link = `nb${String(process.pid)}-${String(number)}`;
    const network = `10.99.${String(number)}`;
    const island = new Island(holder, link, network);
    run("ip", "link", "add", link, "type", "veth", "peer", "name", "inside", "netns", String(holder.pid));
    run("ip", "address", "add", `${network}.1/24`, "dev", link);
    run("ip", "link", "set", link, "up");
    const inside = [
      "ip link set lo up; ip address add",
      `${network}.2/24 dev inside; ip link set inside up; ip route add default via ${network}.1`,
    ];
    run("nsenter", "-t", String(holder.pid), "-n", "/bin/sh", "-c", inside.join(" "));
    return island;
  }

  /** For `atLogin`. */
  get login(): string {
    return loginBy(`nsenter -t ${String(this.#holder.pid)} -n /bin/sh`);
  }

  /** The controller's computer has another address from now on, and the one before no more once that is `told`. */
  async move(told: (address: string) => Promise<boolean>): Promise<boolean> {
    const address = `${this.#network}.3`;
    // Of a network of its own: with the first address of one, the others go, too.
    run("ip", "address", "add", `${address}/25`, "dev", this.#link);
    const isTold = await told(address);
    run("ip", "address", "delete", `${this.#network}.1/24`, "dev", this.#link);
    // Nor by others of its addresses, which were found by way of that one.
    run("nsenter", "-t", String(this.#holder.pid), "-n", "ip", "route", "delete", "default");
    return isTold;
  }

  cut(): void {
    run("ip", "link", "set", this.#link, "down");
  }

  mend(): void {
    run("ip", "link", "set", this.#link, "up");
  }

  close(): void {
    run("ip", "link", "delete", this.#link);
    this.#holder.kill();
  }
}

function run(program: string, ...words: readonly string[]): void {
  execFileSync(program, words, { stdio: "pipe" });
}
