// The system's menus: every command that they send is one of the window's, and every item does something.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { menuTemplate, type MenuContent } from "../../../src-main/window/window-menu.ts";

type Item = ReturnType<typeof menuTemplate>[number];

const CONTENT: MenuContent = {
  platform: "linux",
  isPackaged: true,
  recent: [{ kind: "directory", path: "/home/user/hosts.xml" }],
  examples: ["hello"],
};

/** The text of the window's list; the list itself needs a browser to be loaded. */
const COMMANDS = readFileSync(
  new URL("../../../src-renderer/shell/window-commands.ts", import.meta.url),
  "utf8",
);
const VIEWS = readFileSync(new URL("../../../src-renderer/shell/dock-store.ts", import.meta.url), "utf8");

function build(content: MenuContent): { items: Item[]; sent: (readonly [string, string | undefined])[] } {
  const sent: (readonly [string, string | undefined])[] = [];
  const menus = menuTemplate(content, {
    command: (name, argument) => sent.push([name, argument]),
    clearRecent: () => sent.push(["clear", undefined]),
    openLogs: () => sent.push(["logs", undefined]),
    openResults: () => sent.push(["results", undefined]),
  });
  const below = (item: Item): Item[] =>
    Array.isArray(item.submenu) ? item.submenu.flatMap((one) => [one, ...below(one)]) : [];
  return { items: menus.flatMap((menu) => [menu, ...below(menu)]), sent };
}

function clickAll(items: readonly Item[]): void {
  const click = (item: Item): unknown => (item.click as (() => void) | undefined)?.();
  for (const item of items) click(item);
}

test("each command is one of the window's", () => {
  const { items, sent } = build(CONTENT);
  clickAll(items);
  const names = sent.map(([name]) => name).filter((name) => !["clear", "logs", "results"].includes(name));
  expect(names.length).toBeGreaterThan(20);
  const unknown = names.filter((name) => {
    const view = name.replace(/^view-/u, "");
    return view === name ? !COMMANDS.includes(`id: "${name}"`) : !VIEWS.includes(`"${view}"`);
  });
  expect(unknown).toEqual([]);
  expect(sent).toContainEqual(["open-directory", "/home/user/hosts.xml"]);
  expect(sent).toContainEqual(["open-example", "hello"]);
});

test("no two items have the same keys, and none is without effect", () => {
  const { items } = build(CONTENT);
  const keys = items.flatMap(({ accelerator }) => (accelerator === undefined ? [] : [String(accelerator)]));
  expect(new Set(keys).size).toBe(keys.length);
  const idle = items.filter(
    ({ click, role, submenu, type }) =>
      [click, role, submenu].every((one) => one === undefined) && type !== "separator",
  );
  expect(idle).toEqual([]);
});

test("developers' tools are in no packaged program", () => {
  const roles = (isPackaged: boolean): unknown[] =>
    build({ ...CONTENT, isPackaged }).items.map(({ role }) => role);
  expect(roles(false)).toContain("toggleDevTools");
  expect(roles(true)).not.toContain("toggleDevTools");
  expect(roles(true)).not.toContain("reload");
});
