// A host of a resource directory with nothing but what a test gives it.
import { hostIdOf } from "../../src-shared/base/ids.ts";
import type { HostEntry } from "../../src-shared/resource-directory/resource-directory.ts";

export function hostEntry(
  name: string,
  given: Pick<HostEntry, "managerType" | "address"> & Partial<HostEntry>,
): HostEntry {
  return {
    id: hostIdOf(name),
    port: undefined,
    user: undefined,
    transport: undefined,
    hostKeyPolicy: undefined,
    groups: [],
    site: undefined,
    latitude: undefined,
    longitude: undefined,
    span: { start: 0, end: 0 },
    ...given,
  };
}
