// What the members of a simulated star share: its limits, and the world as a member sees it.
import { FIRST_CHAIN } from "../overlay/command-order.ts";
import type { HostId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { LinkId, OverlayLimits } from "../overlay/overlay.ts";
import type { MemberSeals, Rank, RootSeals } from "../overlay/topology.ts";
import type { StarJudge } from "./star-judge.ts";
import type { TraceHash } from "./trace-hash.ts";
import type { VirtualLink } from "./virtual-network.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const SIMULATED_PROTOCOL = 1;
/** Small, so that windows and logs fill up within seconds. */
export const SIMULATED_LIMITS: OverlayLimits = {
  commandWindow: 8,
  commandWindowBytes: 256,
  commandsKept: 2000,
  commandsKeptBytes: 64 * 1024,
  reportWindow: 16,
  acknowledgeEvery: 4,
  path: 64,
  hopBytes: 1024,
  childBytes: 128 * 1024 * 1024,
  hopFrameBytes: 256,
  latestBytes: 512,
  latestFrameBytes: 1024,
  edgesInFrame: 4000,
  subtree: 65_536,
  headersInFrame: 16,
  headersHeld: 4,
  rootChildren: 4096,
};

/** The star proves nothing: who has sent a frame is who is at the other end of its link. */
export const NO_SEALS: MemberSeals & RootSeals = {
  seal: () => new Uint8Array(),
  isSealed: () => true,
  chain: () => FIRST_CHAIN,
  prove: () => new Uint8Array(),
  isProved: () => true,
};

export interface SimulatedClient {
  readonly host: HostId;
  readonly incarnation: number;
  readonly rank: Rank;
}

export interface MemberWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly trace: TraceHash;
  readonly judge: StarJudge;
  latencyMs(): number;
  /** Makes the dialled link, or does not: then nobody answered. */
  connect(memberLink: LinkId): VirtualLink | undefined;
}
