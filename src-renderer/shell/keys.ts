// Keys of commands: read from events, written for people, and left to whoever has the focus where they belong to it.
import { COMMANDS, runCommandNamed } from "./window-commands.ts";

const IS_MAC = navigator.userAgent.includes("Mac");

/** `Ctrl+Shift+F5` of an event; letters are upper case. */
export function keysOf(event: KeyboardEvent): string {
  const parts = [];
  if (IS_MAC ? event.metaKey : event.ctrlKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  // "?" needs Shift on many keyboards, and says it by itself.
  if (event.shiftKey && event.key.length !== 1) parts.push("Shift");
  else if (event.shiftKey && (event.ctrlKey || event.metaKey)) parts.push("Shift");
  parts.push(event.key.length === 1 ? event.key.toUpperCase() : event.key);
  return parts.join("+");
}

export function keysText(keys: string): string {
  return IS_MAC ? keys.replace("Ctrl", "⌘").replace("Shift", "⇧").replaceAll("+", "") : keys;
}

/** A focused terminal gives up only these; the others are for the host. */
const TAKEN_FROM_TERMINALS = /^Ctrl\+([1-7]|Shift\+[A-Z])$/;

export function listenForKeys(): () => void {
  const listener = (event: KeyboardEvent): void => {
    const keys = event.key === "P" && event.shiftKey && event.ctrlKey ? "Ctrl+K" : keysOf(event);
    const command = COMMANDS.find((one) => one.keys === keys);
    if (command === undefined) return;
    const target = event.target instanceof HTMLElement ? event.target : undefined;
    if ((target?.closest(".xterm") ?? null) !== null && !TAKEN_FROM_TERMINALS.test(keys)) return;
    const isTyping = target?.matches("input, textarea, [contenteditable=true]") === true;
    if (isTyping && !keys.startsWith("Ctrl+") && !/F\d+$/.test(keys)) return;
    event.preventDefault();
    event.stopPropagation();
    runCommandNamed(command.id);
  };
  window.addEventListener("keydown", listener, true);
  return () => window.removeEventListener("keydown", listener, true);
}
