// What one step of a run wants done, in order; shared by the parts of the run so that each can say its piece. Pure.
import type { RunEventBody } from "#shared/controller-api/run-events.ts";
import type { HostId } from "#shared/base/ids.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { RunEffect } from "./run-traffic.ts";

export class RunOutput {
  #effects: RunEffect[] = [];
  #nowMs = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  begin(nowMs: number): void {
    this.#effects = [];
    this.#nowMs = nowMs;
  }

  take(): RunEffect[] {
    return this.#effects;
  }

  add(effects: readonly RunEffect[]): void {
    for (const effect of effects) this.#effects.push(effect);
  }

  event(body: RunEventBody): void {
    this.#effects.push({ kind: "event", body });
  }

  connect(hosts: readonly HostId[]): void {
    if (hosts.length > 0) this.#effects.push({ kind: "connect", hosts });
  }

  command(hosts: readonly HostId[], command: Command): void {
    if (hosts.length > 0) this.#effects.push({ kind: "command", hosts, command });
  }

  sendSecrets(hosts: readonly HostId[]): void {
    this.#effects.push({ kind: "sendSecrets", hosts });
  }

  giveUp(host: HostId, reason: string): void {
    this.#effects.push({ kind: "giveUp", host, reason });
  }

  setTimer(name: string, delayMs: number): void {
    this.#effects.push({ kind: "setTimer", name, delayMs });
  }

  clearTimer(name: string): void {
    this.#effects.push({ kind: "clearTimer", name });
  }
}
