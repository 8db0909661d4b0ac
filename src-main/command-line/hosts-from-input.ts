// A node set from standard input, for `-w -`.
import { readStandardInput } from "../documents/read-document.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import type { World } from "./world.ts";

/** Blanks and newlines between names are a union, so lists of names do as well. */
export async function hostsFromInput(world: World): Promise<string> {
  const document = await readStandardInput(world.stdin);
  if (document.kind === "unreadable")
    throw new CommandFailure(
      EXIT.invalid,
      `cannot read the node set from standard input: ${document.message}`,
      document.remedy,
    );
  if (document.text.trim() === "")
    throw new CommandFailure(
      EXIT.usage,
      "-w -: standard input named no hosts",
      "Write node sets to it, for example: printf 'node[1-3]' | plush exec -w - -- uptime",
    );
  return document.text.trim();
}
