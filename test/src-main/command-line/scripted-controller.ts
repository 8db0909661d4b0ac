// A ControllerApi that plays recorded events, so that the command line is tested without hosts.
import { checkApplication } from "#shared/application/check-application.ts";
import { parseApplication } from "#shared/application/parse-application.ts";
import { hasErrors } from "#shared/base/problem.ts";
import type {
  ApplicationSummary,
  CommandOptions,
  ControllerApi,
  DocumentSource,
  EndCause,
  HostView,
  LoadResult,
  RunOptions,
  StartResult,
} from "#shared/controller-api/controller-api.ts";
import type { HostTest } from "#shared/controller-api/host-tests.ts";
import type { RunWait } from "#shared/controller-api/run-waits.ts";
import type { RunEvent, RunVerdict } from "#shared/controller-api/run-events.ts";
import { Questions } from "../../../src-main/controller/questions-shell.ts";
import { parseDirectory } from "#shared/resource-directory/parse-directory.ts";

export interface Script {
  readonly events: readonly RunEvent[];
  /** The run goes on after the events until it is ended from outside; these follow then. */
  /** The run cannot be ended any more. */
  readonly isOver?: boolean;
  readonly untilEnded?: (cause: EndCause, reason: string) => readonly RunEvent[];
  readonly refusal?: Extract<StartResult, { kind: "refused" }>;
  readonly hosts?: readonly HostView[];
  readonly tests?: readonly HostTest[];
  readonly waits?: readonly RunWait[];
}

export interface ScriptedController extends ControllerApi {
  /** What was asked, in order: "startRun", "endRun interrupt", "quit"… */
  readonly calls: string[];
  readonly runOptions: RunOptions[];
  readonly commandOptions: CommandOptions[];
  readonly input: string[];
  emit(event: RunEvent): void;
  /** Whatever a test wants a person to be asked. */
  readonly questions: Questions;
  /** Resolves when a run has played all its events and now waits. */
  readonly played: Promise<void>;
}

const RESULTS = "/results/run-1";

const NONE_HERE = {
  kind: "failed",
  step: "terminal",
  reason: "none here",
  remedy: "",
  unreachable: false,
} as const;

export function createScriptedController(script: Script): ScriptedController {
  const listeners = new Set<(event: RunEvent) => void>();
  const calls: string[] = [];
  const runOptions: RunOptions[] = [];
  const commandOptions: CommandOptions[] = [];
  const input: string[] = [];
  let application: ApplicationSummary | undefined;
  let directory: string | undefined;
  let parsedDirectory: ReturnType<typeof parseDirectory>["directory"];
  let settle: (verdict: RunVerdict) => void = () => undefined;
  let hasPlayed: () => void = () => undefined;
  const played = new Promise<void>((resolve) => {
    hasPlayed = resolve;
  });
  const ended = new Promise<RunVerdict>((resolve) => {
    settle = resolve;
  });
  const questions = new Questions();
  const emit = (event: RunEvent): void => listeners.forEach((listener) => listener(event));
  const play = (events: readonly RunEvent[]): void => {
    for (const event of events) {
      emit(event);
      if (event.event === "run" && event.exitCode !== undefined)
        settle({ exitCode: event.exitCode, reason: event.reason ?? "" });
    }
  };
  const start = (): StartResult => {
    if (script.refusal !== undefined) return script.refusal;
    const run = script.events[0]?.run ?? "run-1";
    queueMicrotask(() => {
      play(script.events);
      hasPlayed();
    });
    return { kind: "started", run, results: RESULTS };
  };

  return {
    calls,
    runOptions,
    commandOptions,
    input,
    emit,
    questions,
    played,
    openTerminal: async () => NONE_HERE,
    hostKeys: () => [],
    decideHostKeys: async () => ({ kind: "refused", message: "none here" }),
    replaceHostKey: async () => ({ kind: "refused", message: "none here" }),
    openFiles: async () => NONE_HERE,
    openForward: async () => NONE_HERE,
    async loadApplication(source: DocumentSource): Promise<LoadResult> {
      const { specification, problems } = parseApplication(source.text ?? "");
      const all = [
        ...problems,
        ...(specification === undefined
          ? []
          : checkApplication(specification, source.text ?? "", parsedDirectory)),
      ];
      if (specification === undefined || hasErrors(all)) return { loaded: false, problems: all };
      const { project } = specification;
      application = {
        path: source.path,
        project: project.name,
        components: project.components.map((component) => component.name),
        software: project.software.map((software) => software.name),
        experiment: project.experiment?.name,
        barriers: [],
        blocks:
          project.experiment?.componentBlocks.flatMap((block) => block.children.map((child) => child.name)) ??
          [],
      };
      return { loaded: true, problems: all, application };
    },
    async loadDirectory(source) {
      const parsed = parseDirectory(source.text ?? "");
      if (hasErrors(parsed.problems)) return { loaded: false, problems: parsed.problems };
      parsedDirectory = parsed.directory;
      directory = source.path;
      return {
        loaded: true,
        problems: parsed.problems,
        hosts: parsed.directory?.managers.reduce((sum, manager) => sum + manager.hosts.length, 0) ?? 0,
      };
    },
    loaded: () => ({ application, directory }),
    async startRun(options) {
      calls.push("startRun");
      runOptions.push(options);
      return start();
    },
    async startCommand(options) {
      calls.push("startCommand");
      commandOptions.push(options);
      return start();
    },
    async sendInput(_run, bytes, end) {
      input.push(end ? "<end>" : new TextDecoder().decode(bytes));
    },
    ended: () => ended,
    endRun(_run, cause, reason) {
      calls.push(`endRun ${cause}`);
      play(script.untilEnded?.(cause, reason) ?? []);
      return script.isOver === true
        ? { kind: "refused", message: "run is not going on" }
        : { kind: "done", message: "" };
    },
    failHost: (host) => (
      calls.push(`failHost ${host}`),
      { kind: "done", message: `${host} is taken for failed` }
    ),
    force: (_run, name) => (calls.push(`force ${name}`), { kind: "done", message: `${name} is forced` }),
    async connect(hosts) {
      calls.push(`connect ${hosts ?? "all"}`);
      return { kind: "done", message: "connected" };
    },
    async disconnect(hosts, { keep }) {
      calls.push(`disconnect ${hosts ?? "all"} ${keep ? "keep" : "clean"}`);
      return { kind: "done", message: "disconnected" };
    },
    testHosts: (_options, listener) => {
      calls.push("testHosts");
      for (const test of script.tests ?? []) listener(test);
      const ended = Promise.resolve({ kind: "tested", hosts: script.tests?.length ?? 0 } as const);
      return { ended, stop: () => undefined };
    },
    watchHosts: () => [],
    hosts: () => script.hosts ?? [],
    mesh: () => ({
      overlay: "star",
      address: "127.0.0.1:1234",
      members: [],
      problems: [],
      propagation: undefined,
      framesIn: 1,
      framesOut: 2,
      bytesIn: 3,
      bytesOut: 4,
    }),
    control: () => ({ session: "s1", application: application?.path, directory, run: undefined }),
    runs: () => [],
    spans: () => [],
    waits: () => script.waits ?? [],
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onQuestion: (listener) => questions.listen(listener),
    question: () => questions.open,
    answer: (id, answer) => questions.answer(id, answer),
    async quit() {
      calls.push("quit");
    },
  };
}
