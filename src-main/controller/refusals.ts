// What is not done, said to whoever asked for it. Pure.
import type { ActionResult, StartResult } from "#shared/controller-api/controller-api.ts";

export function refused(exitCode: number, reason: string): StartResult {
  return { kind: "refused", exitCode, problems: [], reason };
}

export function no(message: string): ActionResult {
  return { kind: "refused", message };
}
