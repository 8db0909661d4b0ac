// The client's own log on its host: one file per life of a client, with `client.txt` leading to the newest.
import { createLogFile, LOG_BYTES_MAX, type LogFile } from "#shared/node/log-file.ts";

export interface ClientLogSettings {
  readonly directory: string;
  /** As the controller names it. */
  readonly host: string;
  /** The port the client listens on; the process number when it listens on none. */
  readonly portOrPid: number;
  /** Milliseconds of the wall clock. */
  readonly nowMs: () => number;
  readonly onProblem: (reason: string) => void;
}

export const CLIENT_LOG_LINK = "client.txt";

/** `logfile-<host>-<port or pid>-<epoch seconds>.txt`, as Plush named it. */
export function createClientLog(settings: ClientLogSettings): Promise<LogFile> {
  const { directory, host, portOrPid, nowMs, onProblem } = settings;
  const epoch = Math.floor(nowMs() / 1000);
  // A host name may be anything a person wrote into the resource directory.
  const safeHost = host.replace(/[^A-Za-z0-9._-]/g, "_");
  const name = `logfile-${safeHost}-${String(portOrPid)}-${String(epoch)}.txt`;
  return createLogFile(directory, name, CLIENT_LOG_LINK, { bytesMax: LOG_BYTES_MAX, nowMs, onProblem });
}
