// What a person is asked who leaves while something runs: what each way means, honestly.
import { writeDuration } from "#shared/application/durations.ts";
import type { RunView } from "#shared/controller-api/controller-api.ts";
import type { LeaveChoice } from "./leave-program.ts";

export const LEAVE_CHOICES: readonly { readonly choice: LeaveChoice; readonly label: string }[] = [
  { choice: "keep running", label: "Leave it running" },
  { choice: "stop", label: "Stop and clean up" },
  { choice: "cancel", label: "Cancel" },
];

export function leaveWords(runs: readonly RunView[]): { readonly message: string; readonly detail: string } {
  const names = [...new Set(runs.map(({ experiment }) => experiment))].join(", ");
  const absence = writeDuration(Math.max(0, ...runs.map((run) => run.controllerAbsenceMs)));
  return {
    message:
      runs.length === 1 ? `${names} is running.` : `${String(runs.length)} runs are going on: ${names}.`,
    detail: [
      "Leave it running: the window closes, and Nebula stays in the background until the run has ended, then cleans up and quits. Start Nebula again to come back to it.",
      `Should this computer be shut down meanwhile, or sleep, the hosts stop and clean up by themselves after ${absence} without it (controller_absence), and output of that time is lost.`,
      "Stop and clean up: all processes are stopped, results are brought home, nothing is left on the hosts. The window closes when that is done.",
    ].join("\n\n"),
  };
}

export const LEAVE_AGAIN = {
  message: "Nebula is still stopping processes and cleaning up.",
  detail:
    "When you leave at once, hosts that have not answered yet stop and clean up by themselves when they have been without their controller for long enough (controller_absence).",
  labels: ["Wait", "Leave at once"],
} as const;
