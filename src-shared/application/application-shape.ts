// The shape of application specifications: which elements and attributes stand where, Plush's own and ours.
import { elementShape, many, one, OPAQUE, valueShape, type ChildRule, type Shape } from "./xml-shapes.ts";

const named = elementShape(["name"]);
const exitPolicy = elementShape(["status", "on", "action", "limit", "delay", "delay_max"]);
const collect = elementShape(["path", "optional"]);
const cmdline = elementShape([], { arg: many(valueShape()) });

const variable = elementShape(["name", "value"]);
const secret = elementShape(["name", "from"]);

const softwarePackage = elementShape(["name", "type", "sha256"], {
  path: one(valueShape()),
  dest_path: one(valueShape()),
});
const software = elementShape(["name", "type", "deadline"], { package: many(softwarePackage) });

const ignoredDiscovery = (name: string): ChildRule => ({
  shape: OPAQUE,
  many: true,
  ignored: `resource discovery by ${name} is not supported; hosts come from <resources> alone`,
});
const rspec = elementShape([], {
  num_hosts: one(valueShape("min", "max")),
  sword: ignoredDiscovery("SWORD"),
  shirako: ignoredDiscovery("Shirako"),
  usher: ignoredDiscovery("Usher"),
});
const resources = elementShape([], { resource: many(elementShape(["type", "group", "hosts"])) });
/** `timestamp` and the like were written by Plush itself into what it sent; they mean nothing in a file. */
const component = elementShape(["name", "user", "timestamp"], {
  rspec: one(rspec),
  software: many(named),
  resources: one(resources),
});

const environment = elementShape([], { variable: many(elementShape(["name", "value", "secret"])) });
const healthCheck = elementShape(["interval", "timeout", "failures", "start", "port", "http"], {
  path: one(valueShape()),
  cmdline: one(cmdline),
});
const limits = elementShape(["open_files", "memory", "file_size", "cpu_seconds", "processes", "output"]);

const process = elementShape(
  ["name", "user", "deadline", "service", "stop_grace", "timestamp", "host", "start_time", "end_time", "pid"],
  {
    path: one(valueShape()),
    cmdline: one(cmdline),
    cwd: one(valueShape()),
    environment: one(environment),
    exit_policy: many(exitPolicy),
    health_check: one(healthCheck),
    limits: one(limits),
    collect: many(collect),
    log_manager: one(OPAQUE),
  },
);
const processBlock = elementShape(["name"], { predecessor: many(named), process: one(process) });
const barrierBlock = elementShape(["name"], {
  predecessor: many(named),
  barrier: one(elementShape(["name", "type", "max", "deadline"])),
});
const componentBlock = elementShape(["name"], {
  component: one(elementShape(["name", "timestamp"])),
  process_block: many(processBlock),
  barrier_block: many(barrierBlock),
  workflow_block: many(OPAQUE),
  exit_policy: many(exitPolicy),
  collect: many(collect),
});
const execution = elementShape([], { component_block: many(componentBlock), exit_policy: many(exitPolicy) });
const experiment = elementShape(["name", "deadline", "duration", "controller_absence"], {
  execution: one(execution),
  exit_policy: many(exitPolicy),
});
const project = elementShape(["name"], {
  variable: many(variable),
  secret: many(secret),
  software: many(software),
  component: many(component),
  experiment: many(experiment),
});

/** The root is `<plush>` or `<gush>`. */
export const APPLICATION_SHAPE: Shape = elementShape([], { project: many(project) });

/** Where elements belong that are often put one level too high or too low. */
export const APPLICATION_HOMES: ReadonlyMap<string, string> = new Map([
  ["project", "<plush>"],
  ["experiment", "<project>"],
  ["execution", "<experiment>"],
  ["component_block", "<execution>"],
  ["process_block", "<component_block>"],
  ["barrier_block", "<component_block>"],
  ["workflow_block", "<component_block>"],
  ["process", "<process_block>"],
  ["barrier", "<barrier_block>"],
  ["predecessor", "<process_block> or <barrier_block>"],
  ["package", "<software>"],
  ["rspec", "<component>"],
  ["num_hosts", "<rspec>"],
  ["resources", "<component>"],
  ["resource", "<resources>"],
  ["arg", "<cmdline>"],
  ["environment", "<process>"],
  ["health_check", "<process>"],
  ["limits", "<process>"],
  ["secret", "<project>"],
  ["collect", "<process> or <component_block>"],
]);
