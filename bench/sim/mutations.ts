// Guards of the tree, each switched off in turn: a simulator that does not notice proves nothing with its silence.

export interface Mutation {
  readonly name: string;
  /** In src-shared/overlay. */
  readonly file: string;
  /** Has to be there exactly once. */
  readonly find: string;
  readonly put: string;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "feasibility: anybody adopts anybody",
    file: "stamps.ts",
    find: "return order > 0 || (order === 0 && depth < joiner.depth);",
    put: "return order < 2 || depth < joiner.depth;",
  },
  {
    name: "feasibility: equal depth will do",
    file: "stamps.ts",
    find: "(order === 0 && depth < joiner.depth)",
    put: "(order === 0 && depth <= joiner.depth)",
  },
  {
    name: "lease: an old beacon renews it, too",
    file: "tree-member.ts",
    find: "if (order > 0 || wasHolding) this.#deadlines.arm(",
    put: 'if (order >= 0 || wasHolding) this.#deadlines.disarm("lease"); else this.#deadlines.arm(',
  },
  {
    name: "lease: none while holding on",
    file: "tree-member.ts",
    find: `    this.#deadlines.arm("lease", this.#settings.times.deadIntervalMs);
    this.#node.sayAlive();`,
    put: `    this.#deadlines.disarm("lease");
    this.#node.sayAlive();`,
  },
  {
    name: "lease: a silent child stays a child",
    file: "tree-children.ts",
    find: "if (now >= child.leaseEnds) this.drop(",
    put: "if (now < 0) this.drop(",
  },
  {
    name: "holding: nobody says that he still lives",
    file: "tree-member.ts",
    find: "if (!this.attached) this.#node.children.keepHolding();",
    put: "",
  },
  {
    name: "holding: for ever",
    file: "tree-member.ts",
    find: 'this.#deadlines.arm("hold", this.#settings.times.detachedHoldMs);',
    put: "",
  },
  {
    name: "detached nodes take children",
    file: "tree-member.ts",
    find: "return this.attached ? this.#place.position(this.#address) : undefined;",
    put: "return this.#place.position(this.#address);",
  },
  {
    name: "goodbye: whoever is let go goes, whoever is below",
    file: "tree-leave.ts",
    find: 'this.#deadlines.arm("linger", lingerMs);\n    this.#deadlines.arm("leave"',
    put: 'this.#deadlines.arm("linger", 0);\n    this.#deadlines.arm("leave"',
  },
  {
    name: "goodbye: whoever is let go stays as long as anybody is below",
    file: "tree-member.ts",
    find: 'case "leave":\n      case "linger":\n        return this.#end({ kind: "left" });',
    put: 'case "leave":\n      case "linger":\n        return;',
  },
  {
    name: "degree has no bound",
    file: "tree-children.ts",
    find: "if (this.#children.size < degree) return false;",
    put: "if (this.#children.size < 2 * degree) return false;",
  },
  {
    name: "a newer join does not replace the older link",
    file: "tree-children.ts",
    find: 'this.drop(known, "replaced by a newer link of the same client");',
    put: 'return this.#refuse(link, "older");',
  },
  {
    name: "dedupe: commands are delivered again",
    file: "own-commands.ts",
    find: "return sequence <= log.stable || log.get(sequence)?.body !== undefined;",
    put: "if (sequence <= this.#have) this.#have = sequence - 1; return sequence <= log.stable;",
  },
  {
    name: "replay: a new parent begins one too late",
    file: "tree-child.ts",
    find: "this.sent = join.have;",
    put: "this.sent = join.have + 1;",
  },
  {
    name: "need is not asked again",
    file: "tree-node.ts",
    find: 'if (range !== undefined) this.#end.sendUp({ t: "need", ...range });',
    put: "",
  },
  {
    name: "bodies: a header of its own will do for a host",
    file: "own-commands.ts",
    find: "if (isOurs && body === undefined) break;",
    put: "",
  },
  {
    name: "bodies: who waits for one says that it has it",
    file: "own-commands.ts",
    find: "if (this.#have > before) this.#raise();",
    put: `const told = this.#order.last;
    if (told > before)
      this.#node.progress.raise(this.#rank, told, this.#proofs.ofHaving(told, this.#order.lastChain));`,
  },
  {
    name: "bodies: one that comes behind its header is not taken",
    file: "command-log.ts",
    find: "if (sequence <= this.#stable || known?.body !== undefined) return;",
    put: "if (sequence <= this.#stable || known !== undefined) return;",
  },
  {
    name: "bodies: whoever asks for one that is not here gets the header again",
    file: "tree-children.ts",
    find: "if (command === undefined || (isForIt && command.body === undefined)) {",
    put: "if (command === undefined) {",
  },
  {
    name: "headers are believed, whatever a beacon says",
    file: "own-commands.ts",
    find: "    if (!isSameBytes(this.#order.at(last), chain)) return this.#forgetTold(this.#order.last);\n",
    put: "",
  },
  {
    name: "headers are believed, whatever a command says that comes behind them",
    file: "own-commands.ts",
    find: "if (!isSameBytes(this.#order.at(sequence - 1), before)) return this.#forgetTold(sequence);",
    put: "if (before.length === 0) return;",
  },
  {
    name: "proof of acknowledgements leaves out for whom the commands were",
    file: "tree-proofs.ts",
    find: "bytes.set(chain, number.length + 1);",
    put: "",
  },
  {
    name: "headers wait for ever",
    file: "tree-children.ts",
    find: "    this.feed(true);\n",
    put: "",
  },
  {
    name: "seal of commands is not looked at",
    file: "tree-member.ts",
    find: "if (command.epoch > this.#place.stamp.epoch || !isSealed)",
    put: "if (command.epoch > this.#place.stamp.epoch)",
  },
  {
    name: "seal of orders is not looked at",
    file: "tree-member.ts",
    find: "if (!this.#proofs.isOrder(order))",
    put: "if (order.seal.length === 0)",
  },
  {
    name: "seal of orders is not looked at on the way",
    file: "tree-member.ts",
    find: "if (!this.#proofs.isOrder(order))",
    put: "if (rank === this.#settings.rank && !this.#proofs.isOrder(order))",
  },
  {
    name: "seal of beacons is not looked at",
    file: "tree-member.ts",
    find: "if (!this.#place.isSigned(frame))",
    put: "if (stable < 0)",
  },
  {
    name: "seal of accepts is not looked at",
    file: "tree-place.ts",
    find: 'return this.isSigned(accept) ? undefined : "a beacon that the controller has not signed";',
    put: "return undefined;",
  },
  {
    name: "seal of beacons leaves `stable` out",
    file: "tree-proofs.ts",
    find: "encoder.encode(`beacon ${stamp.beacon} ${stable} ${last}`)",
    put: "encoder.encode(`beacon ${stamp.beacon} ${stable < 0} ${last}`)",
  },
  {
    name: "what was heard last counts as signed whatever its `stable`",
    file: "tree-place.ts",
    find: "stable === known.stable && last",
    put: "stable >= known.stable && last",
  },
  {
    name: "a beacon that was passed on once is good enough to join",
    file: "tree-place.ts",
    find: 'if (!isFeasible(stamp, path.length - 1, this.#distance)) return "a beacon that was here before";',
    put: "",
  },
  {
    name: "proof of acknowledgements is not looked at",
    file: "tree-root.ts",
    find: "if (chain !== undefined && this.#settings.seals.isProved(rank, HAVE_PROOF, chainBytes(upTo, chain), tag))",
    put: "if (chain !== undefined && HAVE_PROOF.length + chainBytes(upTo, chain).length + tag.length > 0)",
  },
  {
    name: "proof of receipts is not looked at",
    file: "tree-member.ts",
    find: "if (!this.#proofs.isReceipt(upTo, tag))",
    put: "if (upTo + tag.length === 0)",
  },
  {
    name: "proof of bulk on its way down is not looked at",
    file: "tree-member.ts",
    find: "if (!this.#proofs.isBulk(payload, tag))",
    put: "if (payload.length + tag.length === 0)",
  },
  {
    name: "proof of reports is not looked at",
    file: "tree-root.ts",
    find: "if (!this.#settings.seals.isProved(rank, reportProof(sequence, skips), payload, tag))",
    put: 'if (tag.length === 0 || reportProof(sequence, skips) === "")',
  },
  {
    name: "proof of edges is not looked at",
    file: "tree-root.ts",
    find: "if (this.#settings.seals.isProved(child, edgeProof(parent), numberBytes(attach), proof)) return true;",
    put: "if (proof.length > 0) return true;",
  },
  {
    name: "proof of goodbyes is not looked at",
    file: "tree-root.ts",
    find: "if (!this.#settings.seals.isProved(rank, GOODBYE, NOTHING, tag))",
    put: "if (tag.length === 0)",
  },
  {
    name: "dedupe: reports are handed on again",
    file: "tree-root.ts",
    find: 'if (arrival === "next") {',
    put: 'if (arrival === "next" || arrival === "duplicate") {',
  },
  {
    name: "order: reports with a gap before them are taken",
    file: "tree-root.ts",
    find: "const arrival = judgeArrival(member.reportsHave, sequence, skips);",
    put: 'const arrival = sequence <= member.reportsHave ? "duplicate" : "next";',
  },
  {
    name: "reports are not sent again over a new way",
    file: "own-reports.ts",
    find: "    this.#window.restart(this.#window.acknowledged);",
    put: "",
  },
  {
    name: "stable counts one that has nothing",
    file: "tree-root.ts",
    find: "if (counts(member)) stable = Math.min(stable, this.#haveOf(member));",
    put: 'if (counts(member) && member.state === "attached") stable = Math.min(stable, this.#haveOf(member));',
  },
  {
    name: "epoch: numbers of commands begin anew with each root",
    file: "tree-records.ts",
    find: "commands: commands.filter(({ sequence }) => sequence > stable), stable, chain };",
    put: "commands: commands.filter(({ sequence }) => sequence > stable), stable: 0, chain };",
  },
  {
    name: "a root that starts anew does not know who is lost or has left",
    file: "tree-records.ts",
    find: "if (member !== undefined) member.state = record.as;",
    put: "",
  },
  {
    name: "grace: whoever is orphaned is lost at once",
    file: "tree-root.ts",
    find: "      member.lostAt = this.now + this.#settings.times.lostGraceMs;\n      this.#become(",
    put: "      member.lostAt = this.now;\n      this.#become(",
  },
  {
    name: "digests that differ are left so",
    file: "tree-node.ts",
    find: 'this.#end.send(child.link, { t: "resync" });',
    put: "",
  },
  {
    name: "edges: the older one counts",
    file: "subtree.ts",
    find: "if (this.#newest !== undefined) return record.attach > known.attach;",
    put: "if (this.#newest !== undefined) return false;",
  },
  {
    name: "nobody insists on the root",
    file: "seeker.ts",
    find: "return this.#unreached >= UNREACHED_MIN;",
    put: "return this.#unreached < 0;",
  },
  {
    name: "credit: it never ends",
    file: "up-queue.ts",
    find: "return this.#inFlight < this.#limits.windowBytes;",
    put: "return this.#inFlight >= 0;",
  },
  {
    name: "credit: it is never given back",
    file: "up-queue.ts",
    find: "this.#inFlight = Math.max(0, this.#inFlight - bytes);",
    put: "this.#inFlight = Math.max(0, this.#inFlight - 0 * bytes);",
  },
  {
    name: "a subtree does not move as one",
    file: "tree-children.ts",
    find: `    for (const link of this.#children.keys()) this.#adopter.send(link, { t: "detached" });`,
    put: "",
  },
  {
    name: "latest: what may have been lost with a parent is not said again",
    file: "latest-values.ts",
    find: "if (this.#own !== undefined) this.put(this.#own);",
    put: "",
  },
  {
    name: "latest: the proof is not looked at",
    file: "tree-root.ts",
    find: "if (!isOwnLatest(value, this.#settings.seals))",
    put: "if (value.number < 0)",
  },
];
