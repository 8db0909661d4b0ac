// As whom processes of an application run, and on which hosts that may be (pure).
import type { ApplicationSpecification } from "#shared/application/application.ts";
import type { HostId, RunId } from "#shared/base/ids.ts";
import type { ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";
import { poolOf } from "../matcher/resource-pool.ts";
import { planRun, type ComponentPlan } from "./run-plan.ts";

/** Each once, in the order of the specification. */
export function usersOf(plan: ComponentPlan): readonly string[] {
  const users = plan.blocks.flatMap(({ blocks }) =>
    blocks.flatMap((block) => (block.kind === "process" ? (block.process.user ?? []) : [])),
  );
  return [...new Set(users)];
}

/** A host that several components may get must let in the users of all of them. */
export function usersByHost(
  specification: ApplicationSpecification,
  directory: ResourceDirectory,
): ReadonlyMap<HostId, readonly string[]> {
  const { components } = planRun(specification, {
    run: "test" as RunId,
    applicationPath: "",
    deadlineMs: undefined,
    variables: {},
    software: new Map(),
  });
  const byHost = new Map<HostId, readonly string[]>();
  for (const component of components) {
    const users = usersOf(component);
    if (users.length === 0) continue;
    for (const host of poolOf(component.resources, directory).hosts)
      byHost.set(host, [...new Set([...(byHost.get(host) ?? []), ...users])]);
  }
  return byHost;
}
