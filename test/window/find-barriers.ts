// Looks for barriers to accessibility in what a page shows: axe-core, put in by the debugger's protocol, so the page's policy stays as it is.
import axe from "axe-core";
import type { Page } from "playwright-core";

/** Those that keep people out; the others are advice. */
const IMPACTS: readonly unknown[] = ["serious", "critical"];

/** What a theme can change. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** One line for each, none: []. `colours`: only what depends on the theme; `within`: a selector. */
export async function findBarriers(
  page: Page,
  only: "all" | "colours" = "all",
  within = "html",
): Promise<readonly string[]> {
  // Not a script element: the page's policy forbids it, and must go on doing so.
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe.source);
  const options = only === "all" ? {} : { runOnly: COLOURS };
  const { violations } = await page.evaluate<axe.AxeResults>(
    `axe.run(${JSON.stringify(within)}, ${JSON.stringify(options)})`,
  );
  return violations
    .filter(({ impact }) => IMPACTS.includes(impact))
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${String(node.target)} ${node.failureSummary ?? ""}\n${node.html}`),
    );
}
