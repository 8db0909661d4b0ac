// What a client's report looks like as an event of the run. Pure.
import type { RunEventBody } from "#shared/controller-api/run-events.ts";
import type { HostId } from "#shared/base/ids.ts";
import type { Report } from "#shared/protocol/reports.ts";

export function eventsOfReport(host: HostId, component: string, report: Report): RunEventBody[] {
  switch (report.kind) {
    case "preparing":
      return [{ event: "software", host, component, software: report.software, state: report.state }];
    case "prepareFailed":
      return [
        {
          event: "software",
          host,
          component,
          software: report.software,
          state: "failed",
          step: report.step,
          reason: report.reason,
        },
      ];
    case "processStarted":
      return [{ ...processOf(host, component, report), state: "started", pid: report.pid }];
    case "processNotStarted":
      return [
        {
          ...processOf(host, component, report),
          state: "notStarted",
          step: report.step,
          reason: report.reason,
        },
      ];
    case "processExited":
      return [
        { ...processOf(host, component, report), state: "exited", exit: report.exit, usage: report.usage },
      ];
    case "processRestarting":
      return [{ ...processOf(host, component, report), state: "restarting", delayMs: report.delayMs }];
    case "health":
      return [
        {
          ...processOf(host, component, { ...report, attempt: 0 }),
          state: report.healthy ? "healthy" : "unhealthy",
          reason: report.detail,
        },
      ];
    case "blockEnded":
      return [blockEvent(host, report)];
    case "reportsDropped":
      return warningOf(host, "reports", {
        message: `${String(report.count)} reports were dropped while the controller was away`,
        remedy: "what the host did meanwhile is in its own log",
      });
    case "distrusted":
      return warningOf(host, "overlay", {
        message: `what came to it over other hosts is not the controller's: ${report.reason}; it was dropped`,
        remedy: "a host above it may be compromised: 'info mesh' tells which it has left",
      });
    case "commandDropped":
    case "facts":
    case "passwordWanted":
    case "prepared":
    case "wholeOutput":
    case "barrierReached":
    case "barrierMissed":
    case "hostEnded":
    case "escalated":
    case "stopped":
    case "collectable":
    case "runEnded":
      return [];
  }
}

function warningOf(
  host: HostId,
  step: string,
  words: { readonly message: string; readonly remedy: string },
): RunEventBody[] {
  return [{ event: "problem", severity: "warning", hosts: host, step, ...words }];
}

function processOf(
  host: HostId,
  component: string,
  report: { readonly block: string; readonly attempt: number },
) {
  const process = processNameOf(report.block);
  return {
    event: "process",
    host,
    component,
    block: report.block,
    process,
    attempt: report.attempt,
  } as const;
}

/** Blocks are named from the inside out; the innermost name is the process's block. */
export function processNameOf(block: string): string {
  return block.split("/")[0] ?? block;
}

/** The client's word for a block that somebody has forced; its outcome is that of a success. */
const FORCED = "forced";

function blockEvent(host: HostId, report: Extract<Report, { kind: "blockEnded" }>): RunEventBody {
  const { block, outcome, reason } = report;
  return { event: "block", host, block, outcome: reason === FORCED ? "forced" : outcome, reason };
}
