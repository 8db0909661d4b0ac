// The docks of the window: which views there are, and how one is brought to the front, from wherever.
import type { DockviewApi } from "dockview-react";
import { createStore } from "zustand/vanilla";
import { wishOfDocks } from "../state/other-windows.ts";

export const VIEW_IDS = [
  "world",
  "application",
  "resource",
  "host",
  "overlay",
  "output",
  "problems",
  "waiting",
  "events",
] as const;
export type ViewId = (typeof VIEW_IDS)[number];

/** The original's names, and ours in its manner. */
export const VIEW_TITLES: Readonly<Record<ViewId, string>> = {
  world: "World View",
  application: "Application View",
  resource: "Resource View",
  host: "Host View",
  overlay: "Overlay",
  output: "Output",
  problems: "Problems",
  waiting: "Waiting",
  events: "Events",
};

export const dockStore = createStore<{ readonly api: DockviewApi | undefined }>(() => ({ api: undefined }));

/** A dialog that has closed gives the focus back a moment later, and a view that was hidden is drawn first. */
const FOCUS_DELAY_MS = 50;
/** In this order, what in a view keys are for. */
const MAIN_PARTS = ["[role=grid]", "canvas[tabindex]", "[tabindex='0']", "button, input"];

/** Brings the view to the front, opens it again where it was closed; the keys go to it. */
export function showView(id: ViewId): void {
  const { api } = dockStore.getState();
  if (api === undefined) return wishOfDocks({ kind: "view", view: id });
  const panel = api.getPanel(id);
  if (panel !== undefined) panel.api.setActive();
  else addView(api, id);
  setTimeout(() => {
    const place = api.getPanel(id)?.view.content.element;
    const parts = MAIN_PARTS.map((part) => place?.querySelector<HTMLElement>(part) ?? undefined);
    parts.find((part) => part !== undefined)?.focus({ preventScroll: true });
  }, FOCUS_DELAY_MS);
}

/** The filter of the view in front, or else of the table of all hosts. */
export function focusFilter(): void {
  const filterIn = (place: ParentNode | undefined): HTMLElement | undefined =>
    place?.querySelector<HTMLElement>("input[type=search]") ?? undefined;
  const active = dockStore.getState().api?.activePanel;
  const filter = filterIn(active?.view.content.element);
  if (filter !== undefined) return filter.focus();
  showView("host");
  setTimeout(
    () => filterIn(dockStore.getState().api?.getPanel("host")?.view.content.element)?.focus(),
    2 * FOCUS_DELAY_MS,
  );
}

function addView(
  api: DockviewApi,
  id: ViewId,
  position?: Parameters<DockviewApi["addPanel"]>[0]["position"],
): void {
  api.addPanel({
    id,
    component: id,
    title: VIEW_TITLES[id],
    renderer: "onlyWhenVisible",
    ...(position === undefined ? {} : { position }),
  });
}

/** Views left, overlay right, output below, as wide as the window allows. */
export function defaultLayout(api: DockviewApi): void {
  api.clear();
  addView(api, "application");
  addView(api, "world", { referencePanel: "application", direction: "within", index: 0 });
  addView(api, "resource", { referencePanel: "application", direction: "within" });
  addView(api, "host", { referencePanel: "application", direction: "within" });
  addView(api, "overlay", { referencePanel: "application", direction: "right" });
  addView(api, "output", { direction: "below" });
  addView(api, "problems", { referencePanel: "output", direction: "within" });
  addView(api, "waiting", { referencePanel: "output", direction: "within" });
  addView(api, "events", { referencePanel: "output", direction: "within" });
  for (const id of ["application", "overlay", "output"]) api.getPanel(id)?.api.setActive();
  api.getPanel("application")?.api.setActive();
  const width = api.width;
  const height = api.height;
  api.getPanel("overlay")?.api.setSize({ width: Math.round(width * 0.42) });
  api.getPanel("output")?.api.setSize({ height: Math.round(Math.max(220, height * 0.33)) });
}

let terminalCount = 0;

/** One tab for each shell; by the window that has docks. */
export function openTerminal(host: string): void {
  if (dockStore.getState().api === undefined) wishOfDocks({ kind: "terminal", host });
  else addTerminal(host, undefined);
}

/** `shell`: one that comes from another window. */
export function addTerminal(host: string, shell: string | undefined): void {
  const { api } = dockStore.getState();
  if (api === undefined) return;
  terminalCount += 1;
  const others = api.panels.find((panel) => panel.view.contentComponent === "terminal");
  const reference = others ?? api.getPanel("output");
  api.addPanel({
    id: `terminal-${String(Date.now())}-${String(terminalCount)}`,
    component: "terminal",
    title: `SSH: ${host}`,
    // A terminal keeps its screen while another tab is in front.
    renderer: "always",
    params: shell === undefined ? { host } : { host, shell },
    ...(reference === undefined ? {} : { position: { referencePanel: reference.id, direction: "within" } }),
  });
}
