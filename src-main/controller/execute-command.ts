// The command that starts a component's blocks, with the variables as they are at this moment. Pure.
import { createVariableTable, type VariableTable } from "#shared/application/variables.ts";
import type { ExecuteCommand } from "#shared/protocol/commands.ts";
import type { ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";
import type { ComponentState } from "./run-member.ts";
import type { ComponentPlan, RunPlan } from "./run-plan.ts";

export function executeCommand(
  plan: RunPlan,
  component: ComponentPlan,
  variables: VariableTable,
  releasedBarriers: readonly string[],
): ExecuteCommand {
  return {
    kind: "execute",
    run: plan.run,
    component: component.name,
    componentBlocks: component.blocks,
    variables,
    releasedBarriers,
    controllerAbsenceMs: plan.controllerAbsenceMs,
    secretNames: plan.secretNames,
    inputWanted: plan.inputWanted,
    cleansUp: cleansUp(plan, component),
  };
}

/** What commands leave is for nobody. Of an application's run somebody may want to see it while others still run. */
export function cleansUp(plan: RunPlan, component: ComponentPlan): boolean {
  return !plan.startTogether && !component.collects && !component.neededToTheEnd;
}

/** Host name → address, of the whole directory. */
export function addressesOf(directory: ResourceDirectory): ReadonlyMap<string, string> {
  return new Map(
    directory.managers.flatMap((manager) => manager.hosts.map((host) => [host.id, host.address] as const)),
  );
}

export function tableOf(
  plan: RunPlan,
  components: readonly ComponentState[],
  addresses: ReadonlyMap<string, string>,
): VariableTable {
  return createVariableTable({
    runId: plan.run,
    variables: plan.variables,
    components: components.map((component) => ({
      name: component.plan.name,
      hosts: component.places.map((host) => ({ name: host, address: addresses.get(host) ?? host })),
    })),
    software: plan.softwareDirectories,
  });
}
