// The system's own menus: what they send to the window are the names of its commands. Pure: a template.
import type { MenuItemConstructorOptions as Item } from "electron";
import type { RecentFile } from "#shared/controller-api/window-messages.ts";

export interface MenuContent {
  readonly platform: string;
  /** Developers may look into the page. */
  readonly isPackaged: boolean;
  readonly recent: readonly RecentFile[];
  readonly examples: readonly string[];
}

export interface MenuActions {
  readonly command: (name: string, argument?: string) => void;
  readonly clearRecent: () => void;
  readonly openLogs: () => void;
  readonly openResults: () => void;
}

const LINE: Item = { type: "separator" };

export function menuTemplate(content: MenuContent, actions: MenuActions): Item[] {
  const { platform, isPackaged } = content;
  const send = commandItem(actions);
  const isMac = platform === "darwin";
  return [
    ...(isMac ? [{ role: "appMenu" } satisfies Item] : []),
    fileMenu(content, actions),
    editMenu(send),
    viewMenu(send, isPackaged),
    plushMenu(send),
    {
      label: "&Window",
      role: "window",
      submenu: [
        { role: "minimize" },
        ...(isMac ? [{ role: "zoom" } satisfies Item, { role: "front" } satisfies Item] : []),
        LINE,
        send("Default layout", "default-layout"),
      ],
    },
    {
      label: "&Help",
      role: "help",
      submenu: [
        send("Command palette", "palette", "CmdOrCtrl+K"),
        send("Keyboard shortcuts", "keys"),
        LINE,
        { label: "Show results of runs", click: actions.openResults },
        { label: "Show logs", click: actions.openLogs },
        LINE,
        send("About Nebula", "about"),
      ],
    },
  ];
}

type Send = (label: string, name: string, accelerator?: string) => Item;

function commandItem({ command }: MenuActions): Send {
  return (label, name, accelerator) => ({
    label,
    click: () => command(name),
    ...(accelerator === undefined ? {} : { accelerator }),
  });
}

function fileMenu({ platform, recent, examples }: MenuContent, actions: MenuActions): Item {
  const send = commandItem(actions);
  return {
    label: "&File",
    submenu: [
      send("Open application...", "open-application", "CmdOrCtrl+O"),
      send("Open resource directory...", "open-directory", "CmdOrCtrl+Shift+O"),
      {
        label: "Open recent",
        enabled: recent.length > 0,
        submenu: [
          ...recent.map(({ kind, path }): Item => ({
            label: path,
            click: () => actions.command(`open-${kind}`, path),
          })),
          LINE,
          { label: "Clear this list", click: actions.clearRecent },
        ],
      },
      {
        label: "Open example",
        enabled: examples.length > 0,
        submenu: examples.map((name): Item => ({
          label: name,
          click: () => actions.command("open-example", name),
        })),
      },
      LINE,
      platform === "darwin" ? { role: "close" } : { role: "quit", accelerator: "CmdOrCtrl+Q" },
    ],
  };
}

function editMenu(send: Send): Item {
  return {
    label: "&Edit",
    submenu: [
      { role: "undo" },
      { role: "redo" },
      LINE,
      { role: "cut" },
      { role: "copy" },
      { role: "paste" },
      { role: "selectAll" },
      LINE,
      send("Copy selected hosts", "copy-hosts"),
      send("Select all hosts", "select-all-hosts"),
      send("Clear selection", "clear-selection"),
      LINE,
      send("Preferences...", "preferences", "CmdOrCtrl+,"),
    ],
  };
}

function viewMenu(send: Send, isPackaged: boolean): Item {
  return {
    label: "&View",
    submenu: [
      send("World", "view-world", "CmdOrCtrl+1"),
      send("Application", "view-application", "CmdOrCtrl+2"),
      send("Resources", "view-resource", "CmdOrCtrl+3"),
      send("Hosts", "view-host", "CmdOrCtrl+4"),
      send("Overlay", "view-overlay", "CmdOrCtrl+5"),
      send("Output", "view-output", "CmdOrCtrl+6"),
      LINE,
      { role: "resetZoom" },
      { role: "zoomIn" },
      { role: "zoomOut" },
      { role: "togglefullscreen" },
      ...(isPackaged
        ? []
        : [LINE, { role: "reload" } satisfies Item, { role: "toggleDevTools" } satisfies Item]),
    ],
  };
}

function plushMenu(send: Send): Item {
  return {
    label: "&Plush",
    submenu: [
      send("Run", "run", "F5"),
      send("Stop", "stop", "Shift+F5"),
      send("Abort", "abort", "CmdOrCtrl+Shift+F5"),
      LINE,
      send("Connect all hosts", "connect"),
      send("Disconnect all hosts", "disconnect"),
      send("Test connectivity", "test-hosts"),
      LINE,
      send("Open terminals on selected hosts", "terminals"),
      send("Run command on selected hosts...", "command"),
      send("Output of selected hosts", "host-output"),
      send("Save selected hosts as a group...", "save-group"),
      send("Fail selected hosts...", "fail"),
    ],
  };
}
