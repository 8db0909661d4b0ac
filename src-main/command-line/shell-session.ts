// One session of the shell: what is loaded, which run is going on, who hears Ctrl-C, and where lines are printed.
import type { ControllerApi, StartResult } from "#shared/controller-api/controller-api.ts";
import type { RunState } from "#shared/controller-api/run-events.ts";
import { followRun, type RunPresenter } from "./follow-run.ts";
import { refusalLines, type PresentOptions } from "./present-run.ts";
import { createRunText } from "./render-run.ts";
import type { NamedDocument, Session } from "./session.ts";

export interface ShellScreen {
  /** Above the line being typed, when there is one. */
  print(lines: readonly string[]): void;
  printError(lines: readonly string[]): void;
  readonly columns: () => number | undefined;
}

export interface FollowOptions {
  readonly start: () => Promise<StartResult>;
  readonly presenter: RunPresenter;
  readonly stopAfterMs?: number | undefined;
}

export interface ShellSession {
  readonly api: ControllerApi;
  readonly session: Session;
  readonly screen: ShellScreen;
  /** A person types; else lines come from a script, and each is waited for. */
  readonly interactive: boolean;
  /** As it was loaded: problems of a start have places in it. */
  application: NamedDocument | undefined;
  /** The run of the loaded application that is going on. */
  currentRun(): CurrentRun | undefined;
  /** Starts one in the background; a second one is the controller's to refuse. */
  follow(options: FollowOptions): Promise<number>;
  followInBackground(options: FollowOptions): void;
  runText(fold: boolean): RunPresenter;
  /** Ctrl-C and signals: true when something was there to be interrupted. */
  interrupt(signal: string): boolean;
  /** Called when loaded things or the run's state change, for the prompt. */
  onChange(listener: () => void): void;
  changed(): void;
}

export interface CurrentRun {
  run: string;
  state: RunState;
  readonly ended: Promise<number>;
}

export function createShellSession(
  api: ControllerApi,
  session: Session,
  screen: ShellScreen,
  interactive: boolean,
): ShellSession {
  let current: CurrentRun | undefined;
  const listeners: ((signal: string) => void)[] = [];
  const changeListeners: (() => void)[] = [];
  const changed = (): void => {
    for (const listener of changeListeners) listener();
  };
  const world = {
    ...session.world,
    onSignal: (listener: (signal: string) => void) => {
      listeners.push(listener);
      return () => {
        listeners.splice(listeners.indexOf(listener), 1);
      };
    },
  };

  const follow = ({ start, presenter, stopAfterMs }: FollowOptions): Promise<number> =>
    followRun({ api, world, presenter, start, stopAfterMs });

  const shell: ShellSession = {
    api,
    session,
    screen,
    interactive,
    application: undefined,
    changed,
    follow,
    currentRun: () => current,
    followInBackground(options) {
      const watched = watchingState(options.presenter, (run, state) => {
        if (current === undefined) return;
        current.run = run;
        current.state = state;
        changed();
      });
      const ended = follow({ ...options, presenter: watched })
        .catch((error: unknown) => {
          screen.printError([`plush: ${error instanceof Error ? error.message : String(error)}`]);
          return 1;
        })
        .finally(() => {
          current = undefined;
          changed();
        });
      current = { run: "", state: "matching", ended };
      changed();
    },
    runText: (fold) => presentInShell(session, screen, { ...session, fold, document: shell.application }),
    interrupt(signal) {
      // The command that was started last is the one in front of the person.
      const listener = listeners.at(-1);
      listener?.(signal);
      return listener !== undefined;
    },
    onChange: (listener) => void changeListeners.push(listener),
  };
  return shell;
}

function watchingState(presenter: RunPresenter, tell: (run: string, state: RunState) => void): RunPresenter {
  return {
    ...presenter,
    event(event) {
      presenter.event(event);
      if (event.event === "run") tell(event.run, event.state);
    },
  };
}

/** Like the text of `plush run`, but without live lines: the line being typed has that place. */
function presentInShell(session: Session, screen: ShellScreen, options: PresentOptions): RunPresenter {
  const { clock } = session.world;
  const text = createRunText({ ...options, columns: screen.columns, live: false });
  const print = (lines: readonly string[]): void => {
    if (lines.length > 0) screen.print(lines);
  };
  return {
    event: (event) => print(text.event(event, clock.now())),
    tick: () => print(text.tick(clock.now())),
    message: (message) => screen.printError([message]),
    async end(result) {
      if (result.kind === "ended") print(text.end());
      else screen.printError(refusalLines(result, options));
    },
  };
}
