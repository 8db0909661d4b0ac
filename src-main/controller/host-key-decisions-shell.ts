// What a person decides about keys that nobody knew: written down, or refused until the controller ends.
import type { ActionResult } from "#shared/controller-api/controller-api.ts";
import type { LookedAtKey } from "#shared/controller-api/host-key-list.ts";
import { no } from "./refusals.ts";

interface Sightings {
  accept(keys: readonly LookedAtKey[]): Promise<readonly string[]>;
  refuse(keys: readonly LookedAtKey[]): void;
}

/** Of several keys, those that could not be written down are told; the others are. */
export async function decideHostKeys(
  sightings: Sightings,
  decision: "accept" | "refuse",
  keys: readonly LookedAtKey[],
): Promise<ActionResult> {
  if (decision === "refuse") {
    sightings.refuse(keys);
    return { kind: "done", message: "" };
  }
  const troubles = await sightings.accept(keys);
  return troubles.length === 0 ? { kind: "done", message: "" } : no(troubles.join("\n"));
}
