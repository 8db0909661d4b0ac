// A small application drawn from a seed: components, graphs of blocks, barriers, policies, services, deadlines.
import { checkApplication } from "../../src-shared/application/check-application.ts";
import { parseApplication } from "../../src-shared/application/parse-application.ts";
import { runIdOf } from "../../src-shared/base/ids.ts";
import { hasErrors } from "../../src-shared/base/problem.ts";
import type { Random } from "../../src-shared/base/random.ts";
import type { SoftwarePlan } from "../../src-shared/protocol/commands.ts";
import { parseDirectory } from "../../src-shared/resource-directory/parse-directory.ts";
import type { ResourceDirectory } from "../../src-shared/resource-directory/resource-directory.ts";
import { planCommand } from "../../src-main/controller/command-plan.ts";
import { planRun, type RunPlan } from "../../src-main/controller/run-plan.ts";

export interface RandomApplication {
  readonly text: string;
  readonly plan: RunPlan;
  readonly directory: ResourceDirectory;
}

const SOFTWARE: SoftwarePlan = { name: "s", installer: "none", packages: [], deadlineMs: 20_000, key: "s" };
/** Drawings that the check refuses, such as barriers that wait for each other, are drawn again. */
const DRAWINGS_MAX = 20;
/** One in so many is a command on hosts. */
const COMMAND_SHARE = 0.1;

export class Dice {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** From 0 to below `below`. */
  number(below: number): number {
    return Math.floor(this.#random() * below);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.number(values.length)]!;
  }

  /** Mostly short, sometimes long. */
  delayMs(max: number): number {
    return Math.floor(max * this.#random() ** 3);
  }
}

export function drawApplication(dice: Dice): RandomApplication {
  const run = runIdOf("sim-1");
  const hosts = 2 + dice.number(7);
  const directory = parseDirectory(
    `<plush><resource_manager type="ssh"><node hostname="h[1-${String(hosts)}]:1" user="u"/></resource_manager></plush>`,
  ).directory!;
  if (dice.chance(COMMAND_SHARE)) {
    const names = directory.managers[0]!.hosts.map((host) => host.id);
    const deadlineMs = 60_000 + dice.number(300_000);
    const settings = { run, command: "x", hosts: names, wantsInput: false, deadlineMs };
    return { text: "command", plan: planCommand(directory, settings), directory };
  }
  for (let drawing = 0; drawing < DRAWINGS_MAX; drawing += 1) {
    const text = drawText(dice, hosts);
    const { specification, problems } = parseApplication(text);
    if (specification === undefined || hasErrors([...problems, ...checkApplication(specification, text)]))
      continue;
    const settings = {
      run,
      applicationPath: "a",
      deadlineMs: undefined,
      variables: {},
      software: new Map([["s", SOFTWARE]]),
    };
    return { text, plan: planRun(specification, settings), directory };
  }
  throw new Error("every drawing was refused");
}

function drawText(dice: Dice, hosts: number): string {
  const components = Array.from({ length: 1 + dice.number(3) }, (_, place) => `c${String(place)}`);
  const barriers = ["red", "blue"].slice(0, dice.number(3)).map((name) => {
    const max = dice.chance(0.6) ? "all" : String(1 + dice.number(3));
    return `name="${name}" max="${max}" deadline="${String(5 + dice.number(60))}s"`;
  });
  const duration = dice.chance(0.15) ? ` duration="${String(5 + dice.number(120))}s"` : "";
  return `<plush><project name="p">
<secret name="token" from="env:TOKEN"/>
<software name="s" type="none"><package name="x" type="web"><path>http://x/y</path><dest_path>y</dest_path></package></software>
${components.map((name) => drawComponent(dice, name, hosts)).join("\n")}
<experiment name="e" deadline="${String(60 + dice.number(400))}s"${duration}><execution>
${components.map((name) => drawBlocks(dice, name, barriers)).join("\n")}
</execution></experiment></project></plush>`;
}

function drawComponent(dice: Dice, name: string, hosts: number): string {
  const min = 1 + dice.number(Math.max(1, Math.min(2, hosts - 1)));
  const count = `<num_hosts min="${String(min)}" max="${String(min + dice.number(3))}"/>`;
  const software = dice.chance(0.4) ? '<software name="s"/>' : "";
  return `<component name="${name}"><rspec>${count}</rspec>${software}<resources><resource type="ssh"/></resources></component>`;
}

function drawBlocks(dice: Dice, component: string, barriers: readonly string[]): string {
  const servicesOnly = dice.chance(0.15);
  const names: string[] = [];
  const blocks = Array.from({ length: dice.number(5) }, (_, place) => {
    const name = `b${String(place)}`;
    const predecessors = names
      .filter(() => dice.chance(0.5))
      .map((other) => `<predecessor name="${other}"/>`);
    names.push(name);
    if (!servicesOnly && barriers.length > 0 && dice.chance(0.4)) {
      return `<barrier_block name="${name}">${predecessors.join("")}<barrier ${dice.pick(barriers)}/></barrier_block>`;
    }
    return `<process_block name="${name}">${predecessors.join("")}${drawProcess(dice, servicesOnly)}</process_block>`;
  });
  return `<component_block name="cb-${component}"><component name="${component}"/>${blocks.join("")}</component_block>`;
}

function drawProcess(dice: Dice, isService: boolean): string {
  const service = isService || dice.chance(0.15) ? ' service="true"' : "";
  const deadline = dice.chance(0.4) ? ` deadline="${String(2 + dice.number(30))}s"` : "";
  const health =
    service !== "" && dice.chance(0.6)
      ? '<health_check port="80" interval="3s" failures="2" start="8s"/>'
      : "";
  const secret = dice.chance(0.3) ? '<environment><variable name="T" secret="token"/></environment>' : "";
  const collect = dice.chance(0.2) ? '<collect path="out"/>' : "";
  const conditions = [
    'status="3"',
    'status="nonzero"',
    'on="signal"',
    'on="deadline"',
    'on="unhealthy"',
    'on="not_started"',
  ];
  const actions = ["continue", "ignore", "fail", "restart", "restart", "replace", "abort"];
  const policies = Array.from({ length: dice.number(3) }, () => {
    const action = dice.pick(actions);
    const limit =
      action === "restart" ? ` limit="${String(1 + dice.number(3))}" delay="500ms" delay_max="2s"` : "";
    return `<exit_policy ${dice.pick(conditions)} action="${action}"${limit}/>`;
  });
  return `<process${service}${deadline}><path>x</path>${secret}${policies.join("")}${health}${collect}</process>`;
}
