// The application and the directory that are open: their texts, what the controller found in them, and what is parsed here.
import { createStore } from "zustand/vanilla";
import type { Problem } from "#shared/base/problem.ts";
import { parseApplication, type ParsedApplication } from "#shared/application/parse-application.ts";
import type { LoadedDocument } from "#shared/controller-api/window-messages.ts";

export interface DocumentsState {
  readonly application: LoadedDocument | undefined;
  readonly directory: LoadedDocument | undefined;
  /** Undefined while none is open. */
  readonly parsed: ParsedApplication | undefined;
}

export const documentsStore = createStore<DocumentsState>(() => ({
  application: undefined,
  directory: undefined,
  parsed: undefined,
}));

export function takeApplication(application: LoadedDocument | undefined): void {
  const text = application?.text;
  documentsStore.setState({ application, parsed: text === undefined ? undefined : parseApplication(text) });
}

export function takeDirectory(directory: LoadedDocument | undefined): void {
  documentsStore.setState({ directory });
}

/** What is wrong with what is open, the directory's first. */
export function documentProblems({
  application,
  directory,
}: DocumentsState): readonly { readonly problem: Problem; readonly path: string }[] {
  return [directory, application].flatMap((document) =>
    document === undefined
      ? []
      : document.result.problems.map((problem) => ({ problem, path: document.path })),
  );
}

/** `app.xml` of a path, as titles show it. */
export function fileNameOf(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
