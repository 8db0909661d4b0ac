// Words for whoever started the client, on standard output: what the controller must know before there is a link.
import { writeSync } from "node:fs";
import { CLIENT_MARK, type ClientWord } from "#shared/protocol/client-start.ts";

const STANDARD_OUTPUT = 1;

/** A few short lines in a client's life, so that writing them never waits. */
export function sayToStarter(word: ClientWord, text: string): void {
  try {
    writeSync(STANDARD_OUTPUT, `${CLIENT_MARK} ${word} ${text.replaceAll(/\s+/gu, " ")}\n`);
  } catch {
    return; // the connection that it was started over is gone, and the words are of no use to anybody else
  }
}
