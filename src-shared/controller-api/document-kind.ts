// Which of the two documents a file is that was opened from the desktop: by its first element that tells.
import type { DocumentKind } from "./window-messages.ts";

/** A comment at the top may show an example of the other one. */
const COMMENT = /<!--[\s\S]*?(?:-->|$)/gu;
const TELLING = /<(project|resource_manager)[\s/>]/u;

/** What has neither is taken for an application: its problems say what is missing. */
export function documentKindOf(text: string): DocumentKind {
  return TELLING.exec(text.replace(COMMENT, ""))?.[1] === "resource_manager" ? "directory" : "application";
}
