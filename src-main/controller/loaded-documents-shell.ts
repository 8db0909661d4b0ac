// The application and the directory that are loaded: read, parsed and checked, kept when they have no errors.
import { checkApplication } from "#shared/application/check-application.ts";
import type { ApplicationSpecification } from "#shared/application/application.ts";
import { parseApplication } from "#shared/application/parse-application.ts";
import { createLineColumnOf } from "#shared/application/problem-list.ts";
import { hasErrors, type Problem } from "#shared/base/problem.ts";
import type {
  ApplicationSummary,
  DocumentSource,
  LoadResult,
} from "#shared/controller-api/controller-api.ts";
import { parseDirectory } from "#shared/resource-directory/parse-directory.ts";
import type { ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";
import type { DocumentResult } from "../documents/read-document.ts";
import type { SoftwareProblem } from "./software-plans-shell.ts";

export interface LoadedApplication {
  readonly path: string;
  readonly text: string;
  readonly specification: ApplicationSpecification;
}

export interface LoadedDirectory {
  readonly path: string;
  readonly text: string;
  readonly directory: ResourceDirectory;
}

export interface LoadedDocumentsParts {
  readonly read: (path: string) => Promise<DocumentResult>;
  /** What becomes of a directory before anybody uses it. */
  readonly adapt: (directory: ResourceDirectory) => ResourceDirectory;
}

export class LoadedDocuments {
  readonly #parts: LoadedDocumentsParts;
  application: LoadedApplication | undefined;
  directory: LoadedDirectory | undefined;

  constructor(parts: LoadedDocumentsParts) {
    this.#parts = parts;
  }

  async loadApplication(source: DocumentSource): Promise<LoadResult> {
    const document = await this.#textOf(source);
    if (typeof document !== "string") return { loaded: false, problems: [document] };
    const { specification, problems } = parseApplication(document);
    const found =
      specification === undefined ? [] : checkApplication(specification, document, this.directory?.directory);
    const all = [...problems, ...found];
    if (specification === undefined || hasErrors(all)) return { loaded: false, problems: all };
    this.application = { path: source.path, text: document, specification };
    return { loaded: true, problems: all, application: summaryOf(this.application) };
  }

  async loadDirectory(source: DocumentSource): Promise<LoadResult> {
    const document = await this.#textOf(source);
    if (typeof document !== "string") return { loaded: false, problems: [document] };
    const { directory, problems } = parseDirectory(document);
    if (directory === undefined || hasErrors(problems)) return { loaded: false, problems };
    this.directory = { path: source.path, text: document, directory: this.#parts.adapt(directory) };
    const hosts = directory.managers.reduce((sum, manager) => sum + manager.hosts.length, 0);
    return { loaded: true, problems, hosts };
  }

  /** What only shows when both are known: too few hosts for what is asked. */
  checkTogether(): readonly Problem[] {
    if (this.application === undefined || this.directory === undefined) return [];
    return checkApplication(this.application.specification, this.application.text, this.directory.directory);
  }

  async #textOf(source: DocumentSource): Promise<string | Problem> {
    if (source.text !== undefined) return source.text;
    const result = await this.#parts.read(source.path);
    if (result.kind === "ok") return result.text;
    return {
      severity: "error",
      line: 1,
      column: 1,
      offset: 0,
      message: `${source.path}: ${result.message}`,
      remedy: result.remedy,
    };
  }
}

export function summaryOf({ path, specification }: LoadedApplication): ApplicationSummary {
  const { project } = specification;
  const blocks = project.experiment?.componentBlocks ?? [];
  const children = blocks.flatMap((block) => block.children);
  const barriers = children.flatMap((child) => (child.kind === "barrier" ? [child.barrier.name] : []));
  return {
    path,
    project: project.name,
    components: project.components.map((component) => component.name),
    software: project.software.map((software) => software.name),
    experiment: project.experiment?.name,
    barriers: [...new Set(barriers)],
    blocks: [...blocks.map((block) => block.name), ...children.map((child) => child.name)],
  };
}

/** Problems that were found outside of the checker, with their place in the text. */
export function problemsAt(text: string, found: readonly SoftwareProblem[]): Problem[] {
  const lineColumnOf = createLineColumnOf(text);
  return found.map(({ offset, message, remedy }) => ({
    severity: "error",
    ...lineColumnOf(offset),
    offset,
    message,
    remedy,
  }));
}
