// What tests of trouble with ssh hosts share: a run on one host, the failure that must be told, and a tidy host.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { applicationXml, processXml } from "./application-text.ts";
import type { PlushEnd } from "./plush-process.ts";
import { expectEnd, type PlushOptions, type RunPlace } from "./run-place.ts";
import type { SshHosts } from "./ssh-world.ts";

/** Hosts answer, and say no. */
export const REFUSED = 3;
/** Nobody answers. */
export const UNREACHABLE = 4;
export const HELLO = processXml("echo", ["hello"]);
/** For a client that nobody asks any more: it has its goodbye to say and its keeper to wait for. */
export const TIDY_MS = 20_000;

export function oneHost(place: RunPlace): SshHosts {
  place.directory("h1");
  return place.hosts as SshHosts;
}

export function runOne(place: RunPlace, options: PlushOptions = {}): Promise<PlushEnd> {
  const text = applicationXml({ managerType: "ssh", components: [{ hosts: "1", blocks: HELLO }] });
  return place.run(text, [], options);
}

export interface ToldFailure {
  readonly step: string;
  readonly reason: RegExp;
  readonly remedy: RegExp;
}

/** Each failure that was told, of whichever host, with what to do. */
export function expectTold(end: PlushEnd, host: string, { step, reason, remedy }: ToldFailure): void {
  const told = end.events.find(
    (event) => event.event === "host" && event.state === "failed" && event.host === host,
  );
  expect(told, host).toMatchObject({
    host,
    step,
    reason: expect.stringMatching(reason) as string,
    remedy: expect.stringMatching(remedy) as string,
  });
}

export function expectRefused(end: PlushEnd, step: string, reason: RegExp, remedy: RegExp): void {
  expectEnd(end, REFUSED);
  expectTold(end, "h1", { step, reason, remedy });
}

export function expectUnreachable(end: PlushEnd, step: string, reason: RegExp, remedy: RegExp): void {
  expectEnd(end, UNREACHABLE);
  expectTold(end, "h1", { step, reason, remedy });
}

/** Nothing of ours is in the home directory. */
export function isTidy(hosts: SshHosts, host: string): boolean {
  return !existsSync(join(hosts.farm.homeOf(hosts.addressOf(host)), ".cache"));
}
