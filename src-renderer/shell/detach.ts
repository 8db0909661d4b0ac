// Tabs torn off into windows of their own, and back: what is asked of the controller's side, and what the docks do about it.
import type { DetachedTab, DetachResult } from "#shared/controller-api/window-messages.ts";
import { ask, followTabs } from "../state/controller-updates.ts";
import { settingsStore } from "../state/settings-store.ts";
import { tell, windowStore } from "../state/window-store.ts";
import { terminalOfTab } from "../terminal-tab/open-terminals.ts";
import { addTerminal, dockStore, showView, VIEW_IDS } from "./dock-store.ts";

/** Undefined when the tab in front can be torn off. */
export function whyNotDetach(): string | undefined {
  if (dockStore.getState().api?.activePanel === undefined) return "No tab is in front";
  return undefined;
}

export async function detachActive(): Promise<void> {
  const panel = dockStore.getState().api?.activePanel;
  if (panel === undefined) return;
  const { contentComponent: component } = panel.view;
  const { host } = (panel.params ?? {}) as { readonly host?: string };
  const title = panel.title ?? component;
  const tab: DetachedTab = host === undefined ? { component, title } : { component, title, host };
  const terminal = host === undefined ? undefined : terminalOfTab(panel.id);
  if (!(await openTab(tab, terminal))) return;
  panel.api.close();
  settingsStore.setState(({ detached }) => ({ detached: [...detached, tab] }));
}

/** False: it stays where it was, and the reason is told. */
async function openTab(tab: DetachedTab, terminal: number | undefined): Promise<boolean> {
  const answer = await ask("detachTab", { tab, terminal }).catch((error: unknown): DetachResult => ({
    kind: "refused",
    message: error instanceof Error ? error.message : String(error),
  }));
  switch (answer.kind) {
    case "opened":
      return true;
    case "refused":
      tell("error", `${tab.title} cannot have a window of its own`, answer.message);
      return false;
    case "address":
      // The browser asks nobody when a person has just wanted it.
      if (window.open(answer.address, "_blank", "popup,width=900,height=640") !== null) return true;
      tell("error", "The browser has not opened a window", "Allow this page to open windows, and try again.");
      // What was in the tab comes back by itself, as if the window had been closed.
      return true;
  }
}

/** Once, by the docks: what was torn off comes back, or gets its window again after a start. */
export function followDetached(): () => void {
  const stop = followTabs(putBack);
  const { detached } = settingsStore.getState();
  settingsStore.setState({ detached: [] });
  for (const tab of detached) void openAgain(tab);
  return stop;
}

async function openAgain(tab: DetachedTab): Promise<void> {
  // A browser opens none unless a person has just wanted it.
  const isOpen = windowStore.getState().welcome?.target === "electron" && (await openTab(tab, undefined));
  if (isOpen) settingsStore.setState((state) => ({ detached: [...state.detached, tab] }));
  else putBack(tab);
}

function putBack(tab: DetachedTab): void {
  settingsStore.setState(({ detached }) => {
    const at = detached.findIndex((one) => one.component === tab.component && one.title === tab.title);
    return { detached: detached.filter((_one, index) => index !== at) };
  });
  const view = VIEW_IDS.find((id) => id === tab.component);
  if (view !== undefined) showView(view);
  else if (tab.host !== undefined) addTerminal(tab.host, tab.shell);
}
