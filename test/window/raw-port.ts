// A page's own way to its controller, taken by a test: what a page gone bad could say, beside the window that uses it.
import type { Page } from "playwright-core";

interface PageWithPort {
  rawPort?: MessagePort;
  rawMessages: unknown[];
}

/** Loads the page of an Electron window anew, and keeps its port. */
export async function takeRawPort(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const here = globalThis as unknown as PageWithPort;
    here.rawMessages = [];
    addEventListener("message", ({ data, ports }) => {
      const [port] = ports;
      if (data !== "nebula-port" || port === undefined) return;
      here.rawPort = port;
      port.addEventListener("message", (event: MessageEvent<unknown>) => here.rawMessages.push(event.data));
    });
  });
  await page.reload();
  await page.waitForFunction(() => (globalThis as unknown as PageWithPort).rawMessages.length > 0);
}

/** Sends what is no request of the window's own, and waits for the answer with that number. */
export function askRaw(
  page: Page,
  message: { readonly id: number },
): Promise<{ kind: string; message?: string }> {
  return page.evaluate(async (sent) => {
    const here = globalThis as unknown as PageWithPort;
    here.rawPort?.postMessage(sent);
    for (;;) {
      const found = here.rawMessages.find(
        (one) => typeof one === "object" && one !== null && "id" in one && one.id === sent.id,
      );
      if (found !== undefined) return found as { kind: string };
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }, message);
}
