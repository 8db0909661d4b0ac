// The metrics on screen are those of the controller, which stands in this process: the table, a host's page, the map.
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ControllerApi } from "../../src-shared/controller-api/controller-api.ts";
import {
  METRIC_TITLES,
  metricLines,
  metricOf,
  metricText,
} from "../../src-shared/host-query/metrics-text.ts";
import { UserPreferences } from "../../src-main/documents/user-preferences.ts";
import { serveWindow, type ServedWindow } from "../../src-main/serve-window.ts";
import { startController } from "../../src-main/start-controller.ts";
import { ROOT, WindowHome } from "./window-home.ts";
import { CHROMIUM, QUIET, START_MS_MAX } from "./window-targets.ts";

const SHOWN = ["load", "cpu", "memory", "rtt"] as const;
const SOON = { timeout: 20_000, interval: 100 };

const home = new WindowHome();
let api: ControllerApi;
let served: ServedWindow;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const stateDirectory = join(home.state, "metrics");
  api = await startController({
    stateDirectory,
    resultsDirectory: undefined,
    resultsKeep: undefined,
    port: undefined,
    overlay: "rand-tree",
    degree: 2,
    node: process.execPath,
    log: () => undefined,
  });
  served = await serveWindow({
    api,
    stateDirectory,
    programDirectory: join(ROOT, "dist"),
    version: "test",
    port: 0,
    open: { example: "wide-area" },
    preferences: new UserPreferences({
      workingDirectory: home.state,
      configDirectory: home.state,
      environment: {},
    }),
    log: () => undefined,
  });
  expect(await api.connect("sandiego[1-2],london1,tokyo1", { fanout: 4 })).toMatchObject({ kind: "done" });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET, timeout: START_MS_MAX });
  page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  await page.goto(served.address);
  await page.locator(".menu-bar").waitFor();
});

afterAll(async () => {
  await browser.close();
  await served.close();
  await api.quit();
  home.remove();
});

async function show(title: string): Promise<void> {
  await page.locator(".dv-tab").filter({ hasText: title }).first().click();
}

function connected(): readonly string[] {
  return api.hosts().flatMap(({ host, metrics }) => (metrics === undefined ? [] : [host]));
}

/** Told between a look at one and a look at the other: then once more. */
async function agree(onScreen: () => Promise<unknown>, atController: () => unknown): Promise<void> {
  await vi.waitFor(async () => expect(await onScreen()).toEqual(atController()), SOON);
}

test("in the table, which sorts by them and is filtered by them", async () => {
  await show("Host View");
  await vi.waitFor(() => {
    const known = api.hosts().filter(({ metrics }) => metrics?.pathRttMs !== undefined);
    expect(known).toHaveLength(4);
  }, SOON);
  for (const { host } of api.hosts()) {
    // Names of others stand in the column of parents, too.
    const own = page.locator(`.column-name:text-is("${host}")`);
    const line = page.locator(".host-line").filter({ has: own });
    const cells = SHOWN.map((metric) => line.locator(`.column-${metric}`));
    await agree(
      () => Promise.all(cells.map((cell) => cell.innerText())),
      () => {
        const metrics = api.hosts().find((one) => one.host === host)?.metrics;
        return SHOWN.map((metric) => metricText(metric, metricOf(metrics, metric)));
      },
    );
  }
  await page.getByLabel("Filter hosts").first().fill("rtt>0 load>=0");
  await page.getByText("4 of 12 hosts").waitFor();
  await page.getByRole("button", { name: "RTT", exact: true }).click();
  await agree(
    () => page.locator(".host-line:not(.head) .column-name").allInnerTexts(),
    () =>
      connected().toSorted(
        (left, right) => (pathOf(left) ?? 0) - (pathOf(right) ?? 0) || left.localeCompare(right),
      ),
  );
  await page.getByLabel("Filter hosts").first().fill("");
});

function pathOf(name: string): number | undefined {
  return api.hosts().find(({ host }) => host === name)?.metrics?.pathRttMs;
}

test("on a host's page, with lines that go on while somebody looks", async () => {
  const [name = ""] = connected();
  await page.locator(".host-line .column-name").filter({ hasText: name }).click();
  await agree(
    () => page.locator(".host-page .metrics dd > span").allInnerTexts(),
    () => metricLines(api.hosts().find(({ host }) => host === name)!.metrics!).map(({ text }) => text),
  );
  const lines = page.locator(".host-page .metrics .sparkline .line");
  await vi.waitFor(async () => expect(await lines.count()).toBe(4), SOON);
  const before = api.watchHosts([name])[0]!.samples.length;
  // Asked for by the page: every 2 s instead of 10.
  await vi.waitFor(() => expect(api.watchHosts([name])[0]!.samples.length).toBeGreaterThan(before), SOON);
});

test("on the map: as many hosts at each step of the scale as there are", async () => {
  await show("World View");
  await page.getByLabel("Colour hosts by").selectOption("memory");
  const legend = page.getByRole("group", { name: `Hosts by ${METRIC_TITLES.memory}` });
  await agree(
    () => legend.getByRole("button").filter({ hasText: "not known" }).locator("b").innerText(),
    () => String(api.hosts().length - connected().length),
  );
  const counts = await legend.locator("b").allInnerTexts();
  expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(api.hosts().length);
});
