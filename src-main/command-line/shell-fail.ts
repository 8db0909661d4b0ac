// The shell's `fail`: hosts are taken for failed, by name or by a filter.
import { foldNames } from "#shared/node-set/node-set.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { namesWhere } from "./hosts-where.ts";
import type { ShellSession } from "./shell-session.ts";
import { wordsWhere } from "./shell-where.ts";

export const FAIL_USAGE = "fail HOST|--where FILTER [REASON]";

export async function failFromShell(shell: ShellSession, given: readonly string[]): Promise<number> {
  const { filter, words } = wordsWhere(given);
  const hosts = filter === undefined ? words.slice(0, 1) : namesWhere(shell.api, filter);
  if (hosts.length === 0) throw new CommandFailure(EXIT.usage, `usage: ${FAIL_USAGE}`);
  const reason = words.slice(filter === undefined ? 1 : 0).join(" ") || "failed by hand";
  const results = hosts.map((host) => ({ host, ...shell.api.failHost(host, reason) }));
  const done = results.filter(({ kind }) => kind === "done");
  const [first] = done;
  if (first !== undefined)
    shell.screen.print([
      done.length === 1 ? first.message : `${foldNames(done.map(({ host }) => host))} are given up`,
    ]);
  const refused = results.filter(({ kind }) => kind === "refused");
  const [one] = refused;
  if (one === undefined) return EXIT.ok;
  const message =
    refused.length === 1 ? one.message : `${foldNames(refused.map(({ host }) => host))} take part in no run`;
  throw new CommandFailure(EXIT.error, message, "info nodes shows which hosts do.");
}
