// What a command throws to end with a message and an exit code; caught in one place, command-line.ts.

export class CommandFailure extends Error {
  readonly exitCode: number;
  readonly remedy: string;

  /** `message` may be empty when everything has been said already. */
  constructor(exitCode: number, message: string, remedy = "") {
    super(message);
    this.name = "CommandFailure";
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}
