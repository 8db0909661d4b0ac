// Files dropped on the window: opened as the application or the directory that they are. Their paths only Electron's preload script learns.
import { documentKindOf } from "#shared/controller-api/document-kind.ts";
import { openText } from "../state/actions.ts";
import { tell } from "../state/window-store.ts";

/** The largest document that a window may send. */
const DOCUMENT_BYTES_MAX = 32 * 1024 * 1024;
const FILES_MAX = 8;

export function listenForDrops(): () => void {
  const mark = (isOver: boolean): void => {
    if (isOver) document.documentElement.dataset["dropping"] = "";
    else delete document.documentElement.dataset["dropping"];
  };
  const over = (event: DragEvent): void => {
    // Tabs are dragged, too.
    if (isTaken(event) || event.dataTransfer?.types.includes("Files") !== true) return mark(false);
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    mark(true);
  };
  const leave = (event: DragEvent): void => {
    if (event.relatedTarget === null) mark(false);
  };
  const drop = (event: DragEvent): void => {
    mark(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (isTaken(event) || files.length === 0) return;
    // A browser would show the file instead of this page.
    event.preventDefault();
    if (location.protocol !== "app:") void openAll(files);
  };
  window.addEventListener("dragover", over);
  window.addEventListener("dragleave", leave);
  window.addEventListener("drop", drop);
  return () => {
    window.removeEventListener("dragover", over);
    window.removeEventListener("dragleave", leave);
    window.removeEventListener("drop", drop);
  };
}

/** Some parts of the window take files themselves; main's preload script looks for the same mark. */
function isTaken({ target }: DragEvent): boolean {
  return target instanceof Element && target.closest("[data-takes-files]") !== null;
}

/** Browsers give the text and the name, not the place: files that the document names are looked for from elsewhere. */
async function openAll(files: readonly File[]): Promise<void> {
  if (files.length > FILES_MAX)
    return tell(
      "error",
      `${String(files.length)} files are too many to open at once`,
      `${String(FILES_MAX)} at most.`,
    );
  for (const file of files) {
    try {
      if (file.size > DOCUMENT_BYTES_MAX) throw new Error("it is too large for a document of Nebula");
      const text = await file.text();
      await openText(documentKindOf(text), file.name, text);
    } catch (error) {
      // A folder cannot be read like a file, and says so.
      tell("error", `${file.name} cannot be opened`, error instanceof Error ? error.message : String(error));
    }
  }
  return undefined;
}
