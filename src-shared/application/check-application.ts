// Finds what is wrong with a specification as a whole: what could never work is told before a run, with its place.
import type { Problem } from "../base/problem.ts";
import type { ResourceDirectory } from "../resource-directory/resource-directory.ts";
import type { ApplicationSpecification } from "./application.ts";
import { checkBarriers } from "./check-barriers.ts";
import { createCheckContext } from "./check-context.ts";
import { checkHosts } from "./check-hosts.ts";
import { checkNames } from "./check-names.ts";
import { checkExperiment, checkProcesses } from "./check-processes.ts";
import { checkVariables } from "./check-variables.ts";
import { createProblemList } from "./problem-list.ts";

/**
 * `text` is what the specification was parsed from. Problems that `parseApplication` has told are not repeated.
 * Without a resource directory, what depends on its hosts is not checked. Never throws.
 */
export function checkApplication(
  specification: ApplicationSpecification,
  text: string,
  directory?: ResourceDirectory,
): Problem[] {
  const problems = createProblemList(text);
  const context = createCheckContext(specification, text, directory, problems);
  checkNames(context);
  checkExperiment(context);
  checkBarriers(context);
  checkVariables(context);
  checkProcesses(context);
  checkHosts(context);
  return problems.all();
}
