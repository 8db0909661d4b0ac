// What is shown of the overlay: its members as they are at this moment.
import type { MeshView } from "#shared/controller-api/controller-api.ts";
import type { RunningOverlayRoot } from "../overlay-root/overlay-root.ts";

export function meshViewOf(overlay: RunningOverlayRoot): MeshView {
  const address = `${overlay.address}:${String(overlay.port)}`;
  const nowMs = performance.now();
  const members = overlay.members().map(({ since, ...member }) => ({
    ...member,
    sinceMs: nowMs - since,
    way: overlay.wayOf(member.host),
  }));
  const [problems, propagation] = [overlay.problems(), overlay.propagation()];
  return { overlay: overlay.overlay, address, members, problems, propagation, ...overlay.traffic() };
}
