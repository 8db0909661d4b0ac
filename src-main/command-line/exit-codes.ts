// The exit codes of every command, stable over versions, and the text of `plush help codes`.

export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  someFailed: 3,
  someUnreachable: 4,
  timedOut: 5,
  invalid: 6,
  refused: 7,
  interrupted: 130,
} as const;

/** Where several apply, the first of these that applies is the exit code. */
const ORDER: readonly number[] = [
  EXIT.invalid,
  EXIT.interrupted,
  EXIT.timedOut,
  EXIT.someUnreachable,
  EXIT.someFailed,
  EXIT.error,
];

export function strongestExit(codes: Iterable<number>): number {
  const given = new Set([...codes].filter((code) => code !== EXIT.ok));
  const [other = EXIT.ok] = given;
  return ORDER.find((code) => given.has(code)) ?? other;
}

export const EXIT_CODES_TEXT = `Exit codes of plush

    0  all went well (also when a failed host was replaced)
    1  an error, or the run was aborted
    2  the command line or a preference is wrong
    3  some processes or hosts failed
    4  some hosts could not be reached
    5  a deadline passed
    6  the specification, the directory or another file is invalid or cannot be read
    7  refused by policy
  130  interrupted (Ctrl-C, SIGTERM, SIGHUP)

Where several apply, the first of 6, 130, 5, 4, 3, 1 counts.
`;
