// All commands of the window: one list for menus, palette, keys, and the system's own menu in Electron.
import {
  connectHosts,
  disconnectHosts,
  endRun,
  failHosts,
  openExample,
  openFile,
  startRun,
  whyNotRun,
} from "../state/actions.ts";
import { documentsStore } from "../state/documents-store.ts";
import { outputShownStore } from "../state/output-shown-store.ts";
import type { DockWish } from "../state/other-windows.ts";
import { answerRequests } from "../state/requests.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { isOver, runsStore } from "../state/runs-store.ts";
import { tell } from "../state/window-store.ts";
import { clearSelection, foldSelection, selectHosts, selectionStore } from "../state/selection-store.ts";
import { settingsStore, THEMES, type ThemeChoice } from "../state/settings-store.ts";
import {
  defaultLayout,
  dockStore,
  focusFilter,
  openTerminal,
  showView,
  VIEW_IDS,
  VIEW_TITLES,
} from "./dock-store.ts";
import { detachActive, whyNotDetach } from "./detach.ts";
import { showDialog } from "./dialog-store.ts";

export const MENUS = ["File", "Edit", "View", "Plush", "Window", "Help"] as const;
export type MenuName = (typeof MENUS)[number];

export interface WindowCommand {
  readonly id: string;
  readonly title: string;
  readonly menu: MenuName;
  /** `Ctrl+Shift+F5`; Ctrl stands for Cmd on macOS. */
  readonly keys?: string;
  /** A line in the menu stands above it. */
  readonly startsGroup?: boolean;
  /** Undefined when it can be done now; else why not, for people. */
  readonly whyNot?: () => string | undefined;
  readonly run: () => void;
}

/** Opening more shells at once is hardly meant. */
const TERMINALS_AT_ONCE_MAX = 16;

const noRun = (): string | undefined => {
  const { current } = runsStore.getState();
  return current === undefined || isOver(current) ? "No run is going on" : undefined;
};
const nothingSelected = (): string | undefined =>
  selectionStore.getState().hosts.size === 0 ? "No host is selected" : undefined;
const withRun = (cause: "stop" | "abort") => (): void => {
  const { current } = runsStore.getState();
  if (current !== undefined) endRun(current, cause);
};
const inTheme = (theme: ThemeChoice): void => settingsStore.setState({ theme });

const THEME_TITLES: Readonly<Record<ThemeChoice, string>> = {
  system: "Theme: as the system",
  dark: "Theme: dark",
  light: "Theme: light",
  contrast: "Theme: high contrast",
};

export const COMMANDS: readonly WindowCommand[] = [
  {
    id: "open-application",
    title: "Open application...",
    menu: "File",
    keys: "Ctrl+O",
    run: () => showDialog({ kind: "open", what: "application" }),
  },
  {
    id: "open-directory",
    title: "Open resource directory...",
    menu: "File",
    keys: "Ctrl+Shift+O",
    run: () => showDialog({ kind: "open", what: "directory" }),
  },
  {
    id: "open-example",
    title: "Open example...",
    menu: "File",
    run: () => showDialog({ kind: "examples" }),
  },
  {
    id: "copy-hosts",
    title: "Copy selected hosts",
    menu: "Edit",
    whyNot: nothingSelected,
    run: () => void navigator.clipboard.writeText(foldSelection()),
  },
  {
    id: "select-all-hosts",
    title: "Select all hosts",
    menu: "Edit",
    run: () => selectHosts(hostsStore.getState().rows.keys()),
  },
  {
    id: "clear-selection",
    title: "Clear selection",
    menu: "Edit",
    whyNot: nothingSelected,
    run: clearSelection,
  },
  { id: "filter", title: "Filter hosts", menu: "Edit", keys: "/", startsGroup: true, run: focusFilter },
  {
    id: "preferences",
    title: "Preferences...",
    menu: "Edit",
    keys: "Ctrl+,",
    startsGroup: true,
    run: () => showDialog({ kind: "preferences" }),
  },
  ...VIEW_IDS.map((id, index): WindowCommand => ({
    id: `view-${id}`,
    title: VIEW_TITLES[id],
    menu: "View",
    ...(index < 6 ? { keys: `Ctrl+${String(index + 1)}` } : {}),
    run: () => showView(id),
  })),
  ...THEMES.map((theme, index): WindowCommand => ({
    id: `theme-${theme}`,
    title: THEME_TITLES[theme],
    menu: "View",
    startsGroup: index === 0,
    run: () => inTheme(theme),
  })),
  { id: "run", title: "Run", menu: "Plush", keys: "F5", whyNot: whyNotRun, run: () => void startRun() },
  { id: "stop", title: "Stop", menu: "Plush", keys: "Shift+F5", whyNot: noRun, run: withRun("stop") },
  { id: "abort", title: "Abort", menu: "Plush", keys: "Ctrl+Shift+F5", whyNot: noRun, run: withRun("abort") },
  {
    id: "connect",
    title: "Connect all hosts",
    menu: "Plush",
    startsGroup: true,
    run: () => connectHosts(undefined),
  },
  { id: "disconnect", title: "Disconnect all hosts", menu: "Plush", run: () => disconnectHosts(undefined) },
  {
    id: "test-hosts",
    title: "Test connectivity",
    menu: "Plush",
    run: () => showView("resource"),
  },
  {
    id: "terminals",
    title: "Open terminals on selected hosts",
    menu: "Plush",
    startsGroup: true,
    whyNot: (): string | undefined => {
      const { size } = selectionStore.getState().hosts;
      return size > TERMINALS_AT_ONCE_MAX
        ? `${String(size)} hosts are selected, and at most ${String(TERMINALS_AT_ONCE_MAX)} terminals open at once`
        : nothingSelected();
    },
    run: (): void => {
      for (const host of selectionStore.getState().hosts) openTerminal(host);
    },
  },
  {
    id: "command",
    title: "Run command on selected hosts...",
    menu: "Plush",
    whyNot: nothingSelected,
    run: () => showDialog({ kind: "command", hosts: [...selectionStore.getState().hosts] }),
  },
  {
    id: "host-output",
    title: "Output of selected hosts",
    menu: "Plush",
    whyNot: nothingSelected,
    run: (): void => {
      const { shown } = outputShownStore.getState();
      const { size } = selectionStore.getState().hosts;
      outputShownStore.setState({ onlySelected: true, shown: size === 1 ? "host" : shown });
      showView("output");
    },
  },
  {
    id: "save-group",
    title: "Save selected hosts as a group...",
    menu: "Plush",
    whyNot: (): string | undefined =>
      documentsStore.getState().directory?.result.loaded === true
        ? nothingSelected()
        : "No resource directory is open",
    run: () => showDialog({ kind: "group", hosts: [...selectionStore.getState().hosts] }),
  },
  {
    id: "fail",
    title: "Fail selected hosts...",
    menu: "Plush",
    whyNot: nothingSelected,
    run: (): void => {
      const hosts = [...selectionStore.getState().hosts];
      showDialog({ kind: "fail", hosts, act: () => failHosts(hosts) });
    },
  },
  {
    id: "detach",
    title: "Move tab to a window of its own",
    menu: "Window",
    whyNot: whyNotDetach,
    run: () =>
      void detachActive().catch((error: unknown) => tell("error", "The tab stays here", String(error))),
  },
  {
    id: "default-layout",
    title: "Default layout",
    menu: "Window",
    run: (): void => {
      const { api } = dockStore.getState();
      if (api !== undefined) defaultLayout(api);
    },
  },
  {
    id: "palette",
    title: "Command palette",
    menu: "Help",
    keys: "Ctrl+K",
    run: () => showDialog({ kind: "palette" }),
  },
  {
    id: "keys",
    title: "Keyboard shortcuts",
    menu: "Help",
    keys: "?",
    run: () => showDialog({ kind: "keys" }),
  },
  { id: "about", title: "About Nebula", menu: "Help", run: () => showDialog({ kind: "about" }) },
];

export function runCommandNamed(id: string): void {
  const command = COMMANDS.find((one) => one.id === id);
  if (command !== undefined && command.whyNot?.() === undefined) command.run();
}

/** Of the system's menus: some say at once what they are about. */
export function runSystemCommand(name: string, argument: string | undefined): void {
  if (argument === undefined) runCommandNamed(name);
  else if (name === "open-application") void openFile("application", argument);
  else if (name === "open-directory") void openFile("directory", argument);
  else if (name === "open-example") void openExample(argument);
}

answerRequests({
  terminal: openTerminal,
  fail: (hosts) => showDialog({ kind: "fail", hosts, act: () => failHosts(hosts) }),
  show: (view) => {
    const id = VIEW_IDS.find((one) => one === view);
    if (id !== undefined) showView(id);
  },
  examples: () => showDialog({ kind: "examples" }),
  open: (what) => showDialog({ kind: "open", what }),
});

/** What a window without docks wants of the one that has them. */
export function takeDockWish(wish: DockWish): void {
  if (dockStore.getState().api === undefined) return;
  const view = wish.kind === "view" ? VIEW_IDS.find((id) => id === wish.view) : undefined;
  if (wish.kind === "terminal") openTerminal(wish.host);
  else if (view !== undefined) showView(view);
}
