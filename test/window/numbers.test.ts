// Every number that a view shows is held beside `plush info --output json` of the same controller: while it runs, after a host has failed, at the end.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ControllerInfo } from "../../src-main/info-door/info-door.ts";
import { ROOT, WindowHome } from "./window-home.ts";
import { TARGETS, type OpenWindow } from "./window-targets.ts";

const RUN_MS = 30_000;
const SOON = { timeout: 15_000, interval: 250 };
/** The clock on the screen ticks once a second, and asking takes a moment. */
const CLOCK_S = 3;
const run = promisify(execFile);

/** It goes on until it is stopped: however slow the computer is, there is time to look at everything. */
const APPLICATION = `<plush>
  <project name="numbers">
    ${component("Seeds", 2, "seed")}
    ${component("Crawlers", 8, "crawler")}
    <experiment name="numbers">
      <execution>${block("seeds", "Seeds")}${block("crawlers", "Crawlers")}</execution>
    </experiment>
  </project>
</plush>
`;

function component(name: string, hosts: number, group: string): string {
  return `<component name="${name}">
      <rspec><num_hosts>${String(hosts)}</num_hosts></rspec>
      <resources><resource type="local" group="${group}"/></resources>
    </component>`;
}

function block(name: string, of: string): string {
  return `<component_block name="${name}">
        <component name="${of}"/>
        ${processBlock(`begin ${name}`, "echo begun", "")}
        <barrier_block name="all ready"><predecessor name="begin ${name}"/><barrier name="all ready" type="1" max="all"/></barrier_block>
        ${processBlock(`go on ${name}`, "echo going; sleep 600", '<predecessor name="all ready"/>')}
      </component_block>`;
}

function processBlock(name: string, script: string, after: string): string {
  return `<process_block name="${name}">${after}<process name="p">
          <path>sh</path><cmdline><arg>-c</arg><arg>${script}</arg></cmdline>
        </process></process_block>`;
}

describe.each(TARGETS)("every number in %s", (_name, open) => {
  const home = new WindowHome();
  let window: OpenWindow;
  let page: Page;

  beforeAll(async () => {
    const folder = join(home.root, "config", "nebula");
    mkdirSync(folder);
    // A tree, so that parents and depths are not all the same.
    writeFileSync(join(folder, "plush.prefs"), "overlay = rand-tree\ndegree = 3\n");
    window = await open({ home });
    page = window.page;
    page.setDefaultTimeout(SOON.timeout);
    const application = join(home.work, "application.xml");
    writeFileSync(application, APPLICATION);
    const directory = join(ROOT, "assets", "examples", "wide-area", "directory.xml");
    await page.getByText("not running").waitFor();
    for (const [keys, path] of [
      ["Control+Shift+o", directory],
      ["Control+o", application],
    ] as const) {
      await page.keyboard.press(keys);
      await page.getByLabel("Path on the controller's computer").fill(path);
      await page.keyboard.press("Enter");
    }
    await page.getByText("Ready to run on the directory's 12 hosts").waitFor();
    await page.keyboard.press("F5");
  });
  afterAll(async () => {
    await window.close();
    home.remove();
  });

  const info = async (): Promise<ControllerInfo> => {
    const words = [join(ROOT, "dist", "plush.mjs"), "info", "--output", "json"];
    const { stdout } = await run(process.execPath, words, { env: home.environment, cwd: home.work });
    return JSON.parse(stdout) as ControllerInfo;
  };

  test("is that of plush info while it runs", async () => {
    await expect
      .poll(async () => (await info()).runs[0]?.processes.running, { ...SOON, timeout: RUN_MS })
      .toBe(10);
    await walk(page, info, "executing");
  });

  test("and when a host has failed and another one has taken its place", async () => {
    const { hosts } = await info();
    const failing = hosts.find(({ component }) => component === "Crawlers")?.host ?? "";
    await show(page, "Host View");
    await rowOf(page, failing).click();
    await page.locator(".host-page").getByRole("button", { name: "Fail..." }).click();
    await page.getByRole("button", { name: "Fail 1 host" }).click();
    await expect.poll(async () => failedIn(await info()), SOON).toBe(1);
    await expect
      .poll(async () => (await info()).runs[0]?.processes.running, { ...SOON, timeout: RUN_MS })
      .toBe(10);
    await show(page, "Resource View");
    const left = page.locator(".left-host");
    await expect.poll(() => left.allInnerTexts(), SOON).toEqual([expect.stringContaining(failing)]);
    await walk(page, info, "executing");
  });

  test("and when it is over", async () => {
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await page.locator(".verdict").waitFor();
    await walk(page, info, "finished");
    const { startedAt, endedAt } = (await info()).runs[0]!;
    const elapsed = Math.floor((Date.parse(endedAt ?? "") - Date.parse(startedAt)) / 1000);
    expect(secondsOf(await page.locator(".run-time .numbers").innerText())).toBe(elapsed);
    expect(window.complaints).toEqual([]);
  });
});

async function walk(page: Page, info: () => Promise<ControllerInfo>, state: string): Promise<void> {
  for (const look of [statusBar, worldView, applicationView, resourceView, hostView, overlay, output]) {
    // Both change all the time: they agree as soon as nothing happens between the two looks.
    await expect.poll(async () => differences(await look(page, await info(), state)), SOON).toEqual([]);
  }
}

/** What a view shows, and what plush info says, by what it is about. */
type Pairs = Readonly<Record<string, readonly [shown: unknown, told: unknown]>>;

function differences(pairs: Pairs): readonly string[] {
  return Object.entries(pairs)
    .map(([what, [shown, told]]) => [what, JSON.stringify(shown), JSON.stringify(told)] as const)
    .filter(([, shown, told]) => shown !== told)
    .map(([what, shown, told]) => `${what}: shows ${shown}, plush info says ${told}`);
}

async function statusBar(page: Page, { hosts, mesh, control }: ControllerInfo): Promise<Pairs> {
  const text = await page.locator(".status-bar").innerText();
  const counted = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(text)?.[1] ?? 0);
  const inMesh = (state: string): number => mesh.members.filter((one) => one.state === state).length;
  const { run } = control;
  const shownS = secondsOf(await page.locator(".run-time .numbers").innerText());
  const toldS =
    (Date.parse(run?.endedAt ?? new Date().toISOString()) - Date.parse(run?.startedAt ?? "")) / 1000;
  return {
    hosts: [counted("hosts?"), hosts.length],
    attached: [counted("attached"), inMesh("attached")],
    orphaned: [counted("orphaned"), inMesh("orphaned")],
    lost: [counted("lost"), inMesh("lost")],
    failed: [counted("failed"), failedIn({ hosts, runs: run === undefined ? [] : [run] })],
    run: [await page.locator(".status-bar .mono").first().innerText(), run?.run],
    overlay: [text.includes(`${mesh.overlay}, controller ${mesh.address}`), true],
    elapsed: [Math.abs(shownS - toldS) <= CLOCK_S, true],
  };
}

async function worldView(page: Page, { hosts }: ControllerInfo, state: string): Promise<Pairs> {
  await show(page, "World View");
  const legend = countsOf(await page.locator(".world-legend button").allInnerTexts());
  const placeless = hosts.filter(({ place }) => place === undefined).length;
  return {
    found: [
      await page.locator(".world-view .query").innerText(),
      `${String(hosts.length)} of ${String(hosts.length)} hosts`,
    ],
    all: [sum(legend), hosts.length],
    executing: [legend.get("executing") ?? 0, state === "executing" ? inState(hosts, "executing") : 0],
    placeless: [await page.locator(".tray li").count(), placeless],
  };
}

async function applicationView(page: Page, { runs }: ControllerInfo): Promise<Pairs> {
  await show(page, "Application View");
  const view = runs[0]!;
  const blocks = await page
    .locator(".block")
    .evaluateAll((cards) =>
      cards.map((card) => [
        card.querySelector(".name")?.textContent ?? "",
        card.querySelector(".numbers b")?.textContent ?? "",
      ]),
    );
  const barriers = await page
    .locator(".gate")
    .evaluateAll((gates) => gates.map((gate) => gate.ariaLabel ?? ""));
  // Of blocks that nobody has reached plush info says nothing.
  const doneIn = (name: string | undefined): number =>
    view.blocks
      .filter(({ block }) => block.split("/")[0] === name)
      .reduce((done, { counts }) => done + (counts["succeeded"] ?? 0) + (counts["stopped"] ?? 0), 0);
  return {
    done: [blocks, blocks.map(([name]) => [name, String(doneIn(name))])],
    reached: [view.blocks.every(({ block }) => blocks.some(([name]) => name === block.split("/")[0])), true],
    barriers: [
      barriers.map((label) => /Barrier (.*): (\d+) of (\d+)/.exec(label)?.slice(1)).toSorted(byFirst),
      view.barriers.map(({ name, arrived, max }) => [name, String(arrived), String(max)]).toSorted(byFirst),
    ],
  };
}

async function resourceView(page: Page, { hosts, runs }: ControllerInfo): Promise<Pairs> {
  await show(page, "Resource View");
  const badges = await page
    .locator(".resources h3")
    .evaluateAll((heads) =>
      heads.map((head) => [
        head.querySelector("button")?.textContent ?? "",
        head.querySelector(".badge")?.textContent ?? "",
      ]),
    );
  const badgeOf = (title: string): string => badges.find(([name]) => name === title)?.[1] ?? "";
  const groups = await page.locator(".resources .facts div").allInnerTexts();
  const members = new Map<string, number>();
  for (const group of hosts.flatMap((host) => host.groups)) members.set(group, (members.get(group) ?? 0) + 1);
  const parts = runs[0]!.components.map(
    ({ name, wanted, hosts: names }) => [name, wanted.max, names] as const,
  );
  const taken = new Set(await page.locator(".left-host .mono:first-of-type").allInnerTexts());
  const inPart = (name: string): number =>
    runs[0]!.endedAt === undefined
      ? hosts.filter((host) => host.component === name).length
      : sizeOf(parts.find(([one]) => one === name)?.[2] ?? "");
  return {
    total: [
      (await page.locator(".toolbar .sub", { hasText: "host" }).first().innerText()).includes(
        `${String(hosts.length)} hosts`,
      ),
      true,
    ],
    components: [
      parts.map(([name]) => [name, badgeOf(name)]),
      parts.map(([name, max]) => [name, `${String(inPart(name))}/${String(max)}`]),
    ],
    candidates: [
      Number(badgeOf("Candidates") || 0),
      hosts.length -
        parts.reduce((all, [name]) => all + inPart(name), 0) -
        [...taken].filter((name) => hosts.some((host) => host.host === name && host.component === undefined))
          .length,
    ],
    groups: [
      groups.map((text) => /@(\S+)\s+(\d+) host/.exec(text)?.slice(1)).toSorted(byFirst),
      [...members].map(([name, count]) => [name, String(count)]).toSorted(byFirst),
    ],
  };
}

async function hostView(page: Page, { hosts, mesh }: ControllerInfo): Promise<Pairs> {
  await show(page, "Host View");
  const facets = countsOf(await page.locator(".facets button").allInnerTexts());
  const rows = await page
    .locator(".host-line:not(.head)")
    .evaluateAll((lines) =>
      lines.map((line) =>
        ["name", "parent", "depth", "address"].map(
          (column) => line.querySelector(`.column-${column}`)?.textContent ?? "",
        ),
      ),
    );
  const told = hosts.map(({ host, address }) => {
    const member = mesh.members.find((one) => one.host === host);
    const depth = member === undefined || member.depth === 0 ? "-" : String(member.depth);
    return [host, member?.parent ?? "-", depth, address];
  });
  const [first = ["", "", "", ""]] = rows;
  await rowOf(page, first[0] ?? "").click();
  const client = hosts.find(({ host }) => host === first[0])?.client;
  const facts = await page.locator(".host-page").innerText();
  return {
    all: [facets.get("All"), hosts.length],
    facets: [sum(facets) - (facets.get("All") ?? 0), hosts.length],
    rows: [rows.toSorted(byFirst), told.toSorted(byFirst)],
    pid: [Number(/pid (\d+), Node/.exec(facts)?.[1] ?? 0), client?.pid ?? 0],
    way: [(await page.locator(".host-page .path li").count()) - 1, Number(first[2]) || -1],
  };
}

async function overlay(page: Page, { hosts, mesh }: ControllerInfo): Promise<Pairs> {
  await page.getByRole("button", { name: "List", exact: true }).click();
  const lines = await page
    .getByRole("treeitem")
    .evaluateAll((items) =>
      items.map((item) => [
        item.querySelector(".mono")?.textContent ?? "",
        Number(item.ariaLevel),
        Number(/(\d+) below/.exec(item.textContent ?? "")?.[1] ?? 0),
      ]),
    );
  const told = hosts.map(({ host }) => [
    host,
    Math.max(1, mesh.members.find((one) => one.host === host)?.depth ?? 1),
    mesh.members.filter((one) => one.parent === host).length,
  ]);
  return { tree: [lines.toSorted(byFirst), told.toSorted(byFirst)] };
}

async function output(page: Page, { runs }: ControllerInfo): Promise<Pairs> {
  await show(page, "Output");
  const text = await page.locator(".view", { hasText: "distinct output" }).first().innerText();
  const from = Number(/distinct outputs? from (\d+) host/.exec(text)?.[1] ?? 0);
  const { processes } = runs[0]!;
  // Each has written before it is waited for: as many hosts as processes have begun in the block of their component.
  return { hosts: [from > 0 && from <= processes.running + processes.succeeded + processes.failed, true] };
}

function failedIn({ hosts, runs }: Pick<ControllerInfo, "hosts" | "runs">): number {
  const failing = new Set<string>(hosts.filter(({ state }) => state === "failed").map(({ host }) => host));
  const outcomes = runs[0]?.outcomes;
  for (const set of [outcomes?.failed, outcomes?.unreachable, outcomes?.replaced])
    for (const name of namesOf(set ?? "")) failing.add(name);
  return failing.size;
}

/** The example's names have no ranges within them: `tokyo1,lima[1-2]`. */
function namesOf(folded: string): readonly string[] {
  return folded.match(/[^,[\]]+(?:\[[^\]]*\])?/g)?.flatMap(unfold) ?? [];
}

function unfold(part: string): readonly string[] {
  const [, base = "", ranges] = /^([^[]*)(?:\[(.*)\])?$/.exec(part) ?? [];
  if (ranges === undefined) return [base];
  return ranges.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_one, index) => `${base}${String(from + index)}`);
  });
}

const sizeOf = (folded: string): number => namesOf(folded).length;

function inState(hosts: ControllerInfo["hosts"], state: string): number {
  return hosts.filter((host) => host.state === state).length;
}

/** `executing 10`, in any order and with any blanks. */
function countsOf(texts: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    texts.map((text) => [/[A-Za-z]+/.exec(text)?.[0] ?? "", Number(/\d+/.exec(text)?.[0] ?? Number.NaN)]),
  );
}

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

/** `1:02:03`. */
function secondsOf(clock: string): number {
  return clock.split(":").reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

function byFirst(left: readonly unknown[] | undefined, right: readonly unknown[] | undefined): number {
  return String(left?.[0]).localeCompare(String(right?.[0]));
}

/** Others may have its name as that of their parent. */
function rowOf(page: Page, host: string): Locator {
  return page.locator(".host-line", { has: page.locator(".column-name", { hasText: host }) });
}

async function show(page: Page, title: string): Promise<void> {
  await page.locator(".dv-tab").filter({ hasText: title }).first().click();
}
