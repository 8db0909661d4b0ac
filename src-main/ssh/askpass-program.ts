// The program that ssh starts when it wants to know something (SSH_ASKPASS): it hands the question to the controller.

/** In the folder of one login, which only its user may enter: the socket on which the controller listens. */
export const DOOR_NAME = "q";
/** The word by which that login's questions are known; in a file, because arguments and environments can be seen. */
export const TOKEN_NAME = "token";
/** The controller starts to listen when it hears of the folder: long before ssh wants to know anything. */
const DIALS_MAX = 100;
const DIAL_PAUSE_MS = 50;

/** Neither ' nor anything that a shell would take for its own stands in it. */
const PROGRAM = [
  `const { connect } = require("net"), { readFileSync } = require("fs");`,
  `const [folder, prompt] = process.argv.slice(1), kind = process.env.SSH_ASKPASS_PROMPT;`,
  `const token = readFileSync(folder + "/${TOKEN_NAME}", "latin1");`,
  `let dials = 0, answer = "";`,
  `function dial() {`,
  `const link = connect(folder + "/${DOOR_NAME}");`,
  `link.setEncoding("utf8");`,
  `link.on("connect", () => { dials = Infinity; link.write(JSON.stringify({ token, kind, prompt }) + String.fromCharCode(10)); });`,
  `link.on("data", (text) => { answer += text; });`,
  `link.on("error", () => undefined);`,
  `link.on("close", () => {`,
  `if (++dials < ${String(DIALS_MAX)}) return setTimeout(dial, ${String(DIAL_PAUSE_MS)});`,
  `if (answer[0] !== "+") process.exit(1);`,
  `process.stdout.write(answer.slice(1) + String.fromCharCode(10), () => process.exit(0)); });`,
  `}`,
  `dial();`,
].join(" ");

/** A script for the folder of one login; ssh gives its question as the only argument. */
export function askpassScript(node: string, folder: string): string {
  return [
    "#!/bin/sh",
    // Inside of Electron the program is Node only when it is told so.
    "export ELECTRON_RUN_AS_NODE=1 NODE_OPTIONS=",
    `exec ${quoted(node)} --max-semi-space-size=1 -e '${PROGRAM}' -- ${quoted(folder)} "$1"`,
    "",
  ].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
