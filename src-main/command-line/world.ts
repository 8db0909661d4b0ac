// All that the command line needs of the computer, handed in by cli.ts, so that tests can bring their own.
import type { Readable, Writable } from "node:stream";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { ControllerSettings } from "../documents/controller-settings.ts";
import type { UserPreferences } from "../documents/user-preferences.ts";
import type { Paths } from "../documents/paths.ts";

/** A stream that may be a terminal; size and colours depend on that. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};
export type Input = Readable & {
  readonly isTTY?: boolean;
  readonly isRaw?: boolean;
  readonly setRawMode?: (raw: boolean) => unknown;
};

export type StartController = (settings: ControllerSettings) => Promise<ControllerApi>;

/** The window for a browser: where it is served, and how that ends. */
export interface WindowSettings {
  readonly api: ControllerApi;
  readonly stateDirectory: string;
  readonly preferences: UserPreferences;
  readonly programDirectory: string;
  readonly version: string;
  readonly port: number;
  readonly open: { readonly application?: string; readonly directory?: string; readonly example?: string };
  readonly log: (text: string) => void;
}

export type ServeWindow = (
  settings: WindowSettings,
) => Promise<{ readonly address: string; close(): Promise<void> }>;

export interface CommandLineClock {
  /** Milliseconds since 1970: status lines compare it with the events' times. */
  now(): number;
  /** Returns what takes it back. */
  after(delayMs: number, action: () => void): () => void;
}

export interface World {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly paths: Paths;
  /** Where the look-up of the examples starts. */
  readonly programDirectory: string;
  /** What a person types to start this program here: "plush" where it is installed. */
  readonly programName: string;
  readonly version: string;
  readonly startController: StartController;
  readonly serveWindow: ServeWindow;
  readonly clock: CommandLineClock;
  /** SIGINT, SIGTERM and SIGHUP; returns what ends listening. */
  onSignal(listener: (signal: string) => void): () => void;
  /** Ends the program at once, whatever still runs. */
  leave(exitCode: number): void;
}
