// `plush web`: the window in a browser, for head nodes without a display; serves it until it is ended.
import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { EXIT } from "./exit-codes.ts";
import { exampleNamed } from "./demo-command.ts";
import {
  addDirectoryOption,
  addInputOption,
  addOutputOptions,
  addOverlayOptions,
  type DeployFlags,
  type OutputFlags,
} from "./options.ts";
import { findDirectory, openSession, readNamed, withController, type Session } from "./session.ts";
import { UserPreferences } from "../documents/user-preferences.ts";
import type { World } from "./world.ts";

interface WebFlags extends OutputFlags, Pick<DeployFlags, "directory" | "overlay" | "degree"> {
  readonly port?: number;
  readonly example?: string;
}

const PORT_MAX = 65_535;

const EXAMPLES = `
Examples:
  plush web                                    opens on the start page
  plush web --example file-distribution        with an example and its embedded hosts
  plush web application.xml -d directory.xml

It prints an address that works once, in the browser that opens it first. It listens on this computer's loopback
only; from another one, forward the port:  ssh -L 8080:127.0.0.1:8080 HOST  with --port 8080.`;

export function addWebCommand(program: Command, world: World, finish: (exitCode: number) => void): void {
  const command = program
    .command("web")
    .argument("[application]", "the application specification to open")
    .summary("the window in a browser")
    .description("Serves Nebula's window to a browser on this computer, until Ctrl-C.");
  addOutputOptions(addOverlayOptions(addInputOption(addDirectoryOption(command))))
    .option("--port <n>", "the port to serve on (default: any free one)", portOf)
    .option("--example <name>", "opens an example with its embedded hosts")
    .addHelpText("after", EXAMPLES)
    .action(async (application: string | undefined, flags: WebFlags) =>
      finish(await webCommand(world, application, flags)),
    );
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX)
    throw new InvalidArgumentError("It must be a port: 0 to 65535.");
  return port;
}

async function webCommand(world: World, application: string | undefined, flags: WebFlags): Promise<number> {
  // Questions are asked in the window.
  const session = await openSession(world, { ...flags, input: false });
  const open = await documentsOf(session, application, flags);
  return withController(session, async (api) => {
    const served = await world.serveWindow({
      api,
      stateDirectory: world.paths.state,
      preferences: new UserPreferences({
        workingDirectory: world.workingDirectory,
        configDirectory: world.paths.config,
        environment: world.environment,
      }),
      programDirectory: world.programDirectory,
      version: world.version,
      port: flags.port ?? 0,
      open,
      log: (text) => {
        if (session.verbose) world.stderr.write(`${text}\n`);
      },
    });
    const words = "Nebula is open at (once, in the browser that opens it first):\n  ";
    world.stdout.write(`${words}${served.address}\nCtrl-C ends it, and what runs.\n`);
    await new Promise<void>((resolve_) => {
      const stop = session.world.onSignal(() => {
        stop();
        resolve_();
      });
    });
    world.stderr.write("plush: ending; what runs is stopped and cleaned up\n");
    await served.close();
    return EXIT.ok;
  });
}

async function documentsOf(
  session: Session,
  application: string | undefined,
  flags: WebFlags,
): Promise<{ application?: string; directory?: string; example?: string }> {
  const { world } = session;
  if (flags.example !== undefined) {
    // Told here, where a person can still mend it.
    await exampleNamed(world, flags.example);
    return { example: flags.example };
  }
  const directory = await findDirectory(session);
  if (application !== undefined) await readNamed(world, application, "the application");
  return {
    ...(application === undefined ? {} : { application: resolve(world.workingDirectory, application) }),
    ...(directory === undefined ? {} : { directory: directory.path }),
  };
}
