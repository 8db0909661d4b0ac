// The runs of a controller, and the way to them for all that hosts do.
import type { HostId, RunId } from "#shared/base/ids.ts";
import type { Report } from "#shared/protocol/reports.ts";
import type { DeployFailure, DeployProgress } from "../deploy/deployment.ts";
import type { RunShell } from "./run-shell.ts";

export class RunDispatch {
  readonly #runs = new Map<string, RunShell>();

  add(run: RunShell): void {
    this.#runs.set(run.run.plan.run, run);
  }

  get(run: string): RunShell | undefined {
    return this.#runs.get(run);
  }

  get all(): readonly RunShell[] {
    return [...this.#runs.values()];
  }

  get open(): readonly RunShell[] {
    return this.all.filter((run) => !run.run.over);
  }

  /** Runs that go on and have this host as a member. */
  of(host: HostId): readonly RunShell[] {
    return this.open.filter((run) => run.concerns(host));
  }

  /** Somebody but this run needs the host. */
  isShared(host: HostId, by: RunId): boolean {
    return this.of(host).some((run) => run.run.plan.run !== by);
  }

  connected(host: HostId): void {
    for (const run of this.of(host)) run.input({ kind: "hostConnected", host });
  }

  notConnected(host: HostId, failure: DeployFailure): void {
    for (const run of this.of(host)) run.input({ kind: "hostNotConnected", host, failure });
  }

  progress(host: HostId, progress: DeployProgress): void {
    for (const run of this.of(host)) run.input({ kind: "hostProgress", host, progress });
  }

  orphaned(host: HostId, reason: string): void {
    for (const run of this.of(host)) run.input({ kind: "hostOrphaned", host, reason });
  }

  back(host: HostId): void {
    for (const run of this.of(host)) {
      run.outputs.resume(host);
      run.input({ kind: "hostBack", host });
    }
  }

  lost(host: HostId, reason: string): void {
    for (const run of this.of(host)) {
      run.outputs.abandon(host);
      run.input({ kind: "hostLost", host, reason });
    }
  }

  writable(host: HostId): void {
    for (const run of this.of(host)) run.outputs.resume(host);
  }

  report(host: HostId, report: Report): void {
    if (report.kind === "commandDropped") {
      this.lost(host, `controller and client do not understand each other: ${report.reason}`);
    } else if ("run" in report) {
      const run = this.#runs.get(report.run);
      if (run !== undefined && !run.run.over) run.report(host, report);
    } else {
      for (const run of this.of(host)) run.report(host, report);
    }
  }
}
