// The menus, the same on both targets: File Edit View Plush Window Help, and the title.
import { Menu } from "@mantine/core";
import { Fragment, useState, type JSX } from "react";
import { useStore } from "zustand";
import { openFile } from "../state/actions.ts";
import { documentsStore, fileNameOf } from "../state/documents-store.ts";
import { windowStore } from "../state/window-store.ts";
import { COMMANDS, MENUS, type MenuName, type WindowCommand } from "./window-commands.ts";
import { keysText } from "./keys.ts";
import { NebulaMark } from "./NebulaMark.tsx";

export function MenuBar(): JSX.Element {
  const application = useStore(documentsStore, (state) => state.application);
  const [open, setOpen] = useState<MenuName | undefined>(undefined);
  return (
    <header className="menu-bar">
      <NebulaMark />
      <nav role="menubar" aria-label="Menus" className="menus">
        {MENUS.map((name) => (
          <Menu
            key={name}
            opened={open === name}
            onChange={(opened) => setOpen(opened ? name : undefined)}
            position="bottom-start"
            offset={2}
            shadow="none"
            transitionProps={{ duration: 0 }}
            withInitialFocusPlaceholder={false}
            classNames={{ dropdown: "menu", item: "menu-item", divider: "menu-line" }}
          >
            <Menu.Target>
              <button
                type="button"
                role="menuitem"
                className="menu-name"
                onPointerEnter={() => {
                  if (open !== undefined) setOpen(name);
                }}
              >
                {name}
              </button>
            </Menu.Target>
            <Menu.Dropdown>
              {open === name ? COMMANDS.filter((command) => command.menu === name).map(itemOf) : null}
              {open === name && name === "File" ? <RecentItems /> : null}
            </Menu.Dropdown>
          </Menu>
        ))}
      </nav>
      <span className="title">
        Nebula - {application === undefined ? "no application" : fileNameOf(application.path)}
      </span>
    </header>
  );
}

function RecentItems(): JSX.Element {
  const recent = useStore(windowStore, (state) => state.recent);
  return (
    <>
      {recent.length === 0 ? null : <Menu.Divider />}
      {recent.map(({ kind, path }) => (
        <Menu.Item key={path} title={path} onClick={() => void openFile(kind, path)}>
          {fileNameOf(path)}
        </Menu.Item>
      ))}
    </>
  );
}

function itemOf(command: WindowCommand): JSX.Element {
  const reason = command.whyNot?.();
  return (
    <Fragment key={command.id}>
      {command.startsGroup === true ? <Menu.Divider /> : null}
      <Menu.Item
        disabled={reason !== undefined}
        title={reason}
        onClick={() => command.run()}
        rightSection={command.keys === undefined ? undefined : <kbd>{keysText(command.keys)}</kbd>}
      >
        {command.title}
      </Menu.Item>
    </Fragment>
  );
}
