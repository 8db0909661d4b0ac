// The trees as topologies: the rooted RandTree (the default), and Plush's own k-ary tree, which does not repair itself.
import { checkTreeFrame } from "./check-tree-frame.ts";
import { RANK_MAX } from "./frame-fields.ts";
import type { Topology } from "./topology.ts";
import type { TreeFrame } from "./tree-frames.ts";
import { TreeMember } from "./tree-member.ts";
import type { TreeVariant } from "./tree-node.ts";
import { TreeRoot } from "./tree-root.ts";

function treeTopology(name: string, variant: TreeVariant): Topology<TreeFrame> {
  return {
    name,
    membersListen: true,
    listNumbersMax: RANK_MAX,
    createMember: (settings) => new TreeMember(settings, variant),
    createRoot: (settings) => new TreeRoot(settings),
    isBulk: ({ t }) => t === "bulk" || t === "bulkUp",
    reportFrame(rank, { sequence, skips, payload }, tag) {
      return {
        t: "reports",
        items: [{ payload, parts: [{ sequence, skips, ranks: [rank, rank], tags: tag }] }],
      };
    },
    checkFrame: checkTreeFrame,
  };
}

/** RandTree's shape (join at the root, a full node sends on to its children, an orphan keeps its subtree), made sound. */
export const randTree = treeTopology("rand-tree", { repairs: true });

/** The same without repair: whoever loses its parent is lost with all below it. */
export const karyTree = treeTopology("k-ary", { repairs: false });
