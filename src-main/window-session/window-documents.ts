// The documents that windows open: loaded into the controller, their texts kept for windows that come later.
import type { ControllerApi, DocumentSource, LoadResult } from "#shared/controller-api/controller-api.ts";
import type {
  DocumentKind,
  LoadedDocument,
  OpenedExample,
  SavedGroup,
  WindowRequests,
} from "#shared/controller-api/window-messages.ts";
import { addGroup } from "#shared/resource-directory/add-group.ts";

export interface ExampleFiles {
  readonly application: string;
  readonly directory: string;
}

export interface WindowDocumentsParts {
  readonly api: ControllerApi;
  /** Undefined when it cannot be read: the controller then says why. */
  readonly readText: (path: string) => Promise<string | undefined>;
  /** Puts a text in the place of a file's, whole or not at all; undefined when that was done, else why not. */
  readonly replaceText: (path: string, text: string) => Promise<string | undefined>;
  readonly exampleFiles: (name: string) => Promise<ExampleFiles | undefined>;
  /** A file was opened that could be read, whatever is in it. */
  readonly onOpened: (kind: DocumentKind, path: string) => void;
}

export class WindowDocuments {
  readonly #parts: WindowDocumentsParts;
  #application: LoadedDocument | undefined;
  #directory: LoadedDocument | undefined;

  constructor(parts: WindowDocumentsParts) {
    this.#parts = parts;
  }

  get application(): LoadedDocument | undefined {
    return this.#application;
  }

  get directory(): LoadedDocument | undefined {
    return this.#directory;
  }

  async loadApplication(source: DocumentSource): Promise<LoadedDocument> {
    const document = await this.#load(source, (given) => this.#parts.api.loadApplication(given));
    this.#application = document;
    this.#tell("application", document);
    return document;
  }

  async loadDirectory(source: DocumentSource): Promise<LoadedDocument> {
    const document = await this.#load(source, (given) => this.#parts.api.loadDirectory(given));
    this.#directory = document;
    this.#tell("directory", document);
    return document;
  }

  async openExample(name: string): Promise<OpenedExample> {
    const files = await this.#parts.exampleFiles(name);
    if (files === undefined) return { kind: "refused", message: `there is no example called ${name}` };
    // The directory goes first, so that the specification is checked against it.
    const directory = await this.loadDirectory({ path: files.directory });
    const application = await this.loadApplication({ path: files.application });
    return { kind: "opened", application, directory };
  }

  /**
   * A file is written only when it still says what was read from it: what somebody else has changed meanwhile stays, and
   * a page gone wild can do no more than add groups to a resource directory.
   */
  async saveGroup({ group, hosts, write }: WindowRequests["saveGroup"]["arguments"]): Promise<SavedGroup> {
    const { path, text, result } = this.#directory ?? {};
    if (path === undefined || text === undefined || result?.loaded !== true)
      return { kind: "refused", message: "no resource directory is open" };
    const added = addGroup(text, group, hosts);
    if (added.kind === "refused") return added;
    if (write) {
      if ((await this.#parts.readText(path)) !== text)
        return {
          kind: "refused",
          message: `${path} has changed since it was opened, and was left alone; open it again`,
        };
      const failure = await this.#parts.replaceText(path, added.text);
      if (failure !== undefined) return { kind: "refused", message: `${path} cannot be written: ${failure}` };
    }
    const directory = await this.loadDirectory({ path, text: added.text });
    return { kind: "saved", directory, hosts: added.hosts.length };
  }

  #tell(kind: DocumentKind, { path, text }: LoadedDocument): void {
    if (text !== undefined) this.#parts.onOpened(kind, path);
  }

  async #load(
    source: DocumentSource,
    load: (given: DocumentSource) => Promise<LoadResult>,
  ): Promise<LoadedDocument> {
    const text = source.text ?? (await this.#parts.readText(source.path));
    const result = await load(text === undefined ? { path: source.path } : { path: source.path, text });
    return { result, path: source.path, text };
  }
}
