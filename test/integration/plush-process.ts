// The real `plush` command as a child process, with the events it prints parsed as they come.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunEvent, RunStateEvent } from "../../src-shared/controller-api/run-events.ts";

const PLUSH = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "dist", "plush.mjs");
/** Enough of the end to say what went wrong. */
const EVENTS_SHOWN = 12;

export interface PlushEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** With --output jsonl. */
  readonly events: readonly RunEvent[];
  readonly last: RunStateEvent;
  readonly results: string;
}

export type EventOf<Kind extends RunEvent["event"]> = Extract<RunEvent, { event: Kind }>;

export class PlushProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly events: RunEvent[] = [];
  readonly ended: Promise<PlushEnd>;
  readonly #listeners = new Set<() => void>();
  #stdout = "";
  #stderr = "";
  #parsed = 0;
  #over = false;

  constructor(
    args: readonly string[],
    settings: {
      readonly cwd: string;
      readonly environment: NodeJS.ProcessEnv;
      readonly through?: readonly string[];
    },
  ) {
    const [program = process.execPath, ...words] = [...(settings.through ?? []), process.execPath, PLUSH];
    this.child = spawn(program, [...words, ...args], { cwd: settings.cwd, env: settings.environment });
    const jsonl = args.includes("jsonl");
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      if (jsonl) this.#parse();
    });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#tell();
    });
    this.child.stdin.on("error", () => undefined); // it may end without having read everything
    this.ended = once(this.child, "close").then(([exitCode, signal]) =>
      this.#end(exitCode as number | null, signal as NodeJS.Signals | null),
    );
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error("plush could not be started");
    return this.child.pid;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get over(): boolean {
    return this.#over;
  }

  /** The first event like that, printed already or yet to come; fails when plush ends without it. */
  event<Kind extends RunEvent["event"]>(
    kind: Kind,
    isRight: (event: EventOf<Kind>) => boolean = () => true,
  ): Promise<EventOf<Kind>> {
    const find = (): EventOf<Kind> | undefined =>
      this.events.find(
        (event): event is EventOf<Kind> => event.event === kind && isRight(event as EventOf<Kind>),
      );
    return this.#until(find, `an event "${kind}"`);
  }

  /** Resolves when plush has said this on standard error. */
  said(text: string): Promise<true> {
    return this.#until(() => (this.#stderr.includes(text) ? true : undefined), `"${text}" on standard error`);
  }

  state(state: RunStateEvent["state"]): Promise<RunStateEvent> {
    return this.event("run", (event) => event.state === state);
  }

  #until<Found>(find: () => Found | undefined, what: string): Promise<Found> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found !== undefined) resolve(found);
        else if (this.#over) reject(new Error(`plush ended without ${what}; ${this.describe()}`));
        else return;
        this.#listeners.delete(look);
      };
      this.#listeners.add(look);
      look();
    });
  }

  describe(): string {
    const last = this.events.slice(-EVENTS_SHOWN).map((event) => JSON.stringify(event));
    return `standard error: ${this.#stderr}\nlast events:\n${last.join("\n")}`;
  }

  #parse(): void {
    for (
      let end = this.#stdout.indexOf("\n", this.#parsed);
      end >= 0;
      end = this.#stdout.indexOf("\n", this.#parsed)
    ) {
      this.events.push(JSON.parse(this.#stdout.slice(this.#parsed, end)) as RunEvent);
      this.#parsed = end + 1;
    }
    this.#tell();
  }

  #tell(): void {
    for (const look of [...this.#listeners]) look();
  }

  #end(exitCode: number | null, signal: NodeJS.Signals | null): PlushEnd {
    this.#over = true;
    this.#tell();
    const last = this.events.findLast((event): event is RunEvent & RunStateEvent => event.event === "run");
    return {
      exitCode,
      signal,
      stdout: this.#stdout,
      stderr: this.#stderr,
      events: this.events,
      last: last ?? { event: "run", state: "failed", version: 0 },
      results: last?.results ?? "",
    };
  }
}
