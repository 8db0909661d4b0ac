// A sandbox whose `plush` is the command line's entry in this process, with the real controller: a spawned one takes longer
// to start than most of what is asked of it.
import { runCommandLine } from "../../../src-main/command-line/command-line.ts";
import { pathsOf } from "../../../src-main/documents/paths.ts";
import { startController } from "../../../src-main/start-controller.ts";
import { PlushSandbox, type CommandOptions, type Ended } from "../../integration/plush-sandbox.ts";
import { createTestWorld } from "./test-world.ts";

export class InnerSandbox extends PlushSandbox {
  override async plush(words: readonly string[], options: CommandOptions = {}): Promise<Ended> {
    const environment = { ...this.environment, ...options.environment };
    const world = createTestWorld({ environment, workingDirectory: this.work });
    world.input.end(options.input ?? "");
    const code = await runCommandLine(words, {
      ...world,
      paths: pathsOf({
        environment,
        platform: process.platform,
        homeDirectory: this.root,
        temporaryDirectory: this.root,
        userId: process.getuid?.(),
      }),
      startController,
      serveWindow: () => Promise.reject(new Error("no window is served in these tests")),
    });
    return { code, stdout: world.out.text(), stderr: world.err.text() };
  }
}
