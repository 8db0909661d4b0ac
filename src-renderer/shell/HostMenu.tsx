// The menu of hosts, at the pointer or at the focus: what can be done with the chosen ones, wherever they are shown.
import { Menu } from "@mantine/core";
import { Fragment, type JSX } from "react";
import { useStore } from "zustand";
import { plural, shortSet } from "../marks/words.ts";
import { closeHostMenu, hostMenuStore } from "../state/host-menu-store.ts";
import { selectionStore } from "../state/selection-store.ts";
import { HOST_ACTS } from "./host-acts.tsx";

const NAMES_CHARACTERS_MAX = 44;

export function HostMenu(): JSX.Element | null {
  const open = useStore(hostMenuStore, (state) => state.open);
  const hosts = useStore(selectionStore, (state) => state.hosts);
  if (open === undefined) return null;
  return (
    <Menu
      key={open.id}
      opened
      onClose={closeHostMenu}
      position="bottom-start"
      offset={2}
      shadow="none"
      returnFocus={false}
      withInitialFocusPlaceholder={false}
      transitionProps={{ duration: 0 }}
      classNames={{ dropdown: "menu", item: "menu-item", divider: "menu-line", label: "menu-label" }}
    >
      <Menu.Target>
        <span className="menu-place" style={{ left: open.x, top: open.y }} />
      </Menu.Target>
      <Menu.Dropdown aria-label="Hosts">
        <Menu.Label>
          {hosts.size === 1 ? null : `${plural(hosts.size, "host")}: `}
          <span className="mono">{shortSet(hosts, NAMES_CHARACTERS_MAX)}</span>
        </Menu.Label>
        {HOST_ACTS.map(({ label, icon, command, isDangerous }) => {
          const reason = command.whyNot?.();
          return (
            <Fragment key={command.id}>
              {isDangerous ? <Menu.Divider /> : null}
              <Menu.Item
                leftSection={icon}
                disabled={reason !== undefined}
                title={reason}
                className={isDangerous ? "danger" : ""}
                onClick={() => command.run()}
              >
                {label}
              </Menu.Item>
            </Fragment>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
