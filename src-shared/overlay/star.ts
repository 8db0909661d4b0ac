// The star: every member hangs below the root. The baseline of the trees, and the oracle of their tests.
import { checkStarFrame, type StarFrame } from "./star-frames.ts";
import { createStarMember } from "./star-member.ts";
import { createStarRoot } from "./star-root.ts";
import type { Topology } from "./topology.ts";

export const star: Topology<StarFrame> = {
  name: "star",
  membersListen: false,
  createMember: createStarMember,
  createRoot: createStarRoot,
  isBulk: (frame) => frame.t === "bulk",
  reportFrame: (_rank, { sequence, skips, payload }) => ({ t: "report", sequence, skips, payload }),
  checkFrame: checkStarFrame,
  listNumbersMax: 0,
};
