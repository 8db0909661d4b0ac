// What can be done with the chosen hosts: one list, for the bar of the selection and for the menu of hosts.
import {
  IconCopy,
  IconDeviceFloppy,
  IconFileText,
  IconSquareX,
  IconTerminal,
  IconTerminal2,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { COMMANDS, type WindowCommand } from "./window-commands.ts";

export interface HostAct {
  readonly label: string;
  readonly icon: ReactNode;
  readonly command: WindowCommand;
  readonly isDangerous: boolean;
}

const LABELS: readonly (readonly [id: string, label: string, icon: ReactNode])[] = [
  ["terminals", "Open terminals", <IconTerminal key="terminals" size={14} />],
  ["command", "Run command...", <IconTerminal2 key="command" size={14} />],
  ["host-output", "Show output", <IconFileText key="output" size={14} />],
  ["copy-hosts", "Copy names", <IconCopy key="copy" size={14} />],
  ["save-group", "Save as group...", <IconDeviceFloppy key="group" size={14} />],
  ["fail", "Fail...", <IconSquareX key="fail" size={14} />],
];

export const HOST_ACTS: readonly HostAct[] = LABELS.flatMap(([id, label, icon]) => {
  const command = COMMANDS.find((one) => one.id === id);
  return command === undefined ? [] : [{ label, icon, command, isDangerous: id === "fail" }];
});
