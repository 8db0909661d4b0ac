// The ports of hosts that this window has opened on the loopback: gone when it goes.
import { createStore } from "zustand/vanilla";
import { ask, followDoors } from "../state/controller-updates.ts";
import { tell, windowStore } from "../state/window-store.ts";

export interface Forward {
  readonly forward: number;
  readonly host: string;
  /** As the host sees it. */
  readonly address: string;
  readonly port: number;
  readonly localPort: number;
  readonly connections: number;
  readonly problem: string | undefined;
}

export const forwardsStore = createStore<{ readonly forwards: readonly Forward[] }>(() => ({
  forwards: [],
}));

/** What went wrong, or undefined. */
export async function openForward(host: string, address: string, port: number): Promise<string | undefined> {
  startFollowing();
  try {
    const opened = await ask("openForward", { host, address, port });
    if (opened.kind === "refused") return `${opened.reason}. ${opened.remedy}`;
    const { forward, localPort } = opened;
    const added = { forward, host, address, port, localPort, connections: 0, problem: undefined };
    forwardsStore.setState(({ forwards }) => ({ forwards: [...forwards, added] }));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function closeForward(forward: number): void {
  take(forward);
  void ask("closeForward", { forward }).catch(() => "gone with the controller");
}

export function addressOf({ localPort }: Forward): string {
  return `http://127.0.0.1:${String(localPort)}/`;
}

function take(forward: number): Forward | undefined {
  const { forwards } = forwardsStore.getState();
  forwardsStore.setState({ forwards: forwards.filter((one) => one.forward !== forward) });
  return forwards.find((one) => one.forward === forward);
}

let isFollowing = false;

function startFollowing(): void {
  if (isFollowing) return;
  isFollowing = true;
  followDoors((update) => {
    if (update.kind === "forward") {
      const { forward, connections, problem } = update;
      forwardsStore.setState(({ forwards }) => ({
        forwards: forwards.map((one) => (one.forward === forward ? { ...one, connections, problem } : one)),
      }));
    }
    if (update.kind !== "forwardClosed") return;
    const closed = take(update.forward);
    if (closed !== undefined)
      tell("error", `Port ${String(closed.port)} of ${closed.host} is closed`, update.reason);
  });
  windowStore.subscribe(({ gone }) => {
    if (gone !== undefined && forwardsStore.getState().forwards.length > 0)
      forwardsStore.setState({ forwards: [] });
  });
}
