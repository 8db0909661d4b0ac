// What views ask of the shell around them, which they do not know: to open a terminal, a dialog, another view.
export interface ShellRequests {
  terminal(host: string): void;
  fail(hosts: readonly string[]): void;
  show(view: string): void;
  examples(): void;
  open(what: "application" | "directory"): void;
}

let shell: ShellRequests | undefined;

/** Once, by the shell. */
export function answerRequests(requests: ShellRequests): void {
  shell = requests;
}

export const requestTerminal = (host: string): void => shell?.terminal(host);
export const requestFail = (hosts: readonly string[]): void => shell?.fail(hosts);
export const requestView = (view: string): void => shell?.show(view);
export const requestExamples = (): void => shell?.examples();
export const requestOpen = (what: "application" | "directory"): void => shell?.open(what);
