// Passes a stream of SSH on to the socket of a client: a few lines for the host's own Node, started by its shell.
import { CLIENT_MARK, OFFER_SOCKET_NAME } from "#shared/protocol/client-start.ts";

/** The client may still be starting: then there is no socket. One that has ended leaves one where nobody listens. */
const SOCKET_TRIES_MAX = 100;
const SOCKET_PAUSE_MS = 100;

/** What the relay says before the first byte of the link. */
export const RELAY_READY = `${CLIENT_MARK} relay`;
export const RELAY_GONE = `${CLIENT_MARK} gone`;

/** Neither ' nor anything that a shell would take for its own stands in it. */
const PROGRAM = [
  `const { connect } = require("net"), { stdin, stdout } = process;`,
  `const say = (text) => stdout.write(text + String.fromCharCode(10));`,
  `let tries = 0, last = "";`,
  `function dial() {`,
  `const link = connect("${OFFER_SOCKET_NAME}");`,
  `link.on("connect", () => { tries = Infinity; say("${RELAY_READY}"); stdin.pipe(link); link.pipe(stdout); });`,
  `link.on("close", () => {`,
  `if (tries === Infinity) return process.exit(0);`,
  `if (++tries < ${String(SOCKET_TRIES_MAX)}) return setTimeout(dial, ${String(SOCKET_PAUSE_MS)});`,
  `if (last === "ECONNREFUSED") { say("${RELAY_GONE}"); process.exit(0); }`,
  `console.error("the client does not listen yet"); process.exit(1); });`,
  `link.on("error", (error) => { last = error.code; });`,
  `}`,
  `stdout.on("error", () => process.exit(0)); stdin.on("end", () => process.exit(0)); dial();`,
].join(" ");

/** One line for a shell that reads its script from standard input; the host directory is gone when its client is. */
export function relayLine(node: string, directory: string): string {
  const start = `exec ${quoted(node)} --max-semi-space-size=1 -e '${PROGRAM}'`;
  return `printf '\\n'; cd ${quoted(directory)} 2>/dev/null && ${start}; printf '%s\\n' '${RELAY_GONE}'\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
