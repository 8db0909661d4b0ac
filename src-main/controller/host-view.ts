// What is shown of one host: from the directory, the fleet and the run that it takes part in. Pure.
import type { HostView } from "#shared/controller-api/controller-api.ts";
import type { MetricsView } from "#shared/controller-api/host-metrics.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import type { FleetHost } from "../fleet/fleet.ts";
import type { RunViewFold } from "./run-view.ts";

export function hostViewOf(
  entry: HostEntry,
  fleetHost: FleetHost | undefined,
  inRun: ReturnType<RunViewFold["host"]>,
  metrics: MetricsView | undefined,
): HostView {
  const { id: host, managerType, groups, site, address } = entry;
  return {
    host,
    managerType,
    groups,
    site,
    place: placeOf(entry),
    address,
    component: inRun?.component ?? undefined,
    state: inRun?.state ?? fleetHost?.state ?? "disconnected",
    reason: inRun?.reason ?? fleetHost?.reason ?? "",
    sinceMs: fleetHost?.sinceMs ?? 0,
    client: clientOf(fleetHost),
    metrics,
    processes: inRun?.processes ?? [],
  };
}

function placeOf({ latitude, longitude }: HostEntry): HostView["place"] {
  return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
}

function clientOf(fleetHost: FleetHost | undefined): HostView["client"] {
  if (fleetHost?.facts === undefined) return undefined;
  const { pid, node, directory, platform, architecture } = fleetHost.facts;
  return { pid, node, directory, platform: `${platform} ${architecture}`, way: fleetHost.way };
}
