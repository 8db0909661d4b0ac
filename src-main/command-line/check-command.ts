// `plush check`: tells what is wrong with a specification and a directory, without running anything.
import type { Command } from "commander";
import { checkApplication } from "#shared/application/check-application.ts";
import { parseApplication } from "#shared/application/parse-application.ts";
import { parseDirectory } from "#shared/resource-directory/parse-directory.ts";
import { EXIT } from "./exit-codes.ts";
import { addDirectoryOption, addOutputOptions, type DeployFlags, type OutputFlags } from "./options.ts";
import { written } from "./present-run.ts";
import { countProblems, problemObject, renderProblems, type DocumentProblems } from "./render-problems.ts";
import { findDirectory, openSession, readNamed, type NamedDocument, type Session } from "./session.ts";
import type { World } from "./world.ts";

/** Raised when a field of the JSON forms changes its meaning. */
const CHECK_VERSION = 1;

type CheckFlags = OutputFlags & Pick<DeployFlags, "directory">;

const EXAMPLES = `
Examples:
  plush check application.xml
  plush check application.xml -d directory.xml     also whether its hosts suffice
  cat application.xml | plush check - --output json

Exits 0 when there are no errors (warnings are allowed), 6 otherwise.`;

export function addCheckCommand(program: Command, world: World, finish: (exitCode: number) => void): void {
  const command = program
    .command("check")
    .summary("check a specification without running it")
    .description("Tells every error and warning in a specification, and in a directory when there is one.")
    .argument("<application>", "the application specification (XML; - is standard input)");
  addOutputOptions(addDirectoryOption(command))
    .addHelpText("after", EXAMPLES)
    .action(async (application: string, flags: CheckFlags) =>
      finish(await checkCommand(world, application, flags)),
    );
}

export async function checkCommand(world: World, name: string, flags: CheckFlags): Promise<number> {
  const session = await openSession(world, flags);
  const application = await readNamed(world, name, "the application specification");
  const directory = await findDirectory(session);
  const documents = checkDocuments(application, directory);
  const exitCode = countProblems(documents).errors > 0 ? EXIT.invalid : EXIT.ok;
  tell(session, documents, exitCode);
  await written(world.stdout);
  return exitCode;
}

/** The directory's problems are its own; the specification is checked against it as far as it could be read. */
export function checkDocuments(
  application: NamedDocument,
  directory: NamedDocument | undefined,
): readonly DocumentProblems[] {
  const parsedDirectory = directory === undefined ? undefined : parseDirectory(directory.text);
  const { specification, problems } = parseApplication(application.text);
  const checked =
    specification === undefined
      ? []
      : checkApplication(specification, application.text, parsedDirectory?.directory);
  const documents: DocumentProblems[] = [];
  if (directory !== undefined && parsedDirectory !== undefined) {
    documents.push({ path: directory.shown, text: directory.text, problems: parsedDirectory.problems });
  }
  const inOrder = [...problems, ...checked].sort(
    (left, right) => left.line - right.line || left.column - right.column,
  );
  documents.push({ path: application.shown, text: application.text, problems: inOrder });
  return documents;
}

function tell(session: Session, documents: readonly DocumentProblems[], exitCode: number): void {
  const { world, output, quiet, style } = session;
  const { stdout } = world;
  const { errors, warnings } = countProblems(documents);
  const all = documents.flatMap(({ path, problems }) =>
    problems.map((problem) => problemObject(path, problem)),
  );
  const summary = {
    version: CHECK_VERSION,
    files: documents.map(({ path }) => path),
    errors,
    warnings,
    exitCode,
  };
  switch (output) {
    case "text": {
      const lines = renderProblems(documents, style);
      const verdict =
        errors > 0 || quiet ? [] : [`${documents.map(({ path }) => path).join(", ")}: ${style.green("ok")}`];
      for (const line of [...lines, ...verdict]) stdout.write(`${line}\n`);
      break;
    }
    case "json":
      stdout.write(`${JSON.stringify({ ...summary, problems: all }, null, 2)}\n`);
      break;
    case "jsonl":
      for (const problem of all) stdout.write(`${JSON.stringify({ event: "problem", ...problem })}\n`);
      stdout.write(`${JSON.stringify({ event: "check", ...summary })}\n`);
      break;
  }
}
