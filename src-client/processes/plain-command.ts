// Commands of the shell that are a program and its arguments and nothing more: no shell is needed to start them. Pure.
import type { ProgramPlace } from "./start-failure.ts";

/** Each of these characters means itself, wherever it stands in a word; a blank only separates. */
const PLAIN = /^[A-Za-z0-9_./][A-Za-z0-9_.,:/@%+= -]*$/;
/** An odd number of further ways to say so would not be worth their tests. */
const SHELLS = ["sh", "/bin/sh"];
/** bash takes functions from the environment, and they come before programs. */
const FUNCTION_VARIABLE = "BASH_FUNC_";

/**
 * What shells (dash, bash, ksh, mksh, zsh, BusyBox) do themselves or take for grammar. A program of the same name, where
 * there is one, may say other things than the shell.
 */
const OF_SHELLS = new Set(
  `. : [ alias autoload bg bind break builtin caller case cat cd chdir command compgen complete compopt continue coproc
  declare dirs disown do done echo elif else emulate enable esac eval exec exit export false fc fg fi float for function
  functions getconf getopts hash head help hist history if in inlib integer jobs join kill let local login logout mapfile
  mkdir mkfifo mknod mktemp mv nameref namespace newgrp noglob nohup popd print printf private pushd pwd r read readarray
  readonly rename repeat return rm rmdir sched select set setopt shift shopt sleep source suspend sync test then time
  times trap true type typeset ulimit umask unalias unset unsetopt until vared wait whence where which while zcompile
  zmodload zparseopts zstyle`.split(/\s+/),
);

/** The words of a command for `sh -c` that any shell would start just so; undefined when a shell may do otherwise. */
export function plainWords(text: string): readonly [string, ...string[]] | undefined {
  if (!PLAIN.test(text)) return undefined;
  const [program = "", ...args] = text.split(/ +/).filter((word) => word !== "");
  const isPlain = program !== "" && !program.includes("=") && !OF_SHELLS.has(program);
  return isPlain ? [program, ...args] : undefined;
}

/** What the shell would start for this request, and with which environment: it says where it is in PWD. */
export function withoutShell<Request extends ProgramPlace & { readonly args: readonly string[] }>(
  request: Request,
): Request | undefined {
  const { path, args, cwd, environment } = request;
  const [option, text = "", ...more] = args;
  if (!SHELLS.includes(path) || option !== "-c" || more.length > 0) return undefined;
  const words = plainWords(text);
  if (words === undefined) return undefined;
  if (Object.keys(environment).some((name) => name.startsWith(FUNCTION_VARIABLE))) return undefined;
  const [program, ...rest] = words;
  return { ...request, path: program, args: rest, environment: { ...environment, PWD: cwd } };
}
