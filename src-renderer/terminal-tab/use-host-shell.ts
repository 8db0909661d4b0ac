// A screen with a host's shell behind it: opened, sized, fed as fast as it shows, joined to the others' typing.
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Terminal } from "@xterm/xterm";
import { useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { ask, followTerminal } from "../state/controller-updates.ts";
import { joinBroadcast, sayToOthers } from "./broadcast.ts";
import { TERMINAL_THEME } from "./terminal-theme.ts";

export type ShellState =
  | { readonly kind: "opening" }
  | { readonly kind: "open"; readonly terminal: number }
  | { readonly kind: "closed"; readonly reason: string; readonly remedy: string };

export interface HostShell {
  readonly state: ShellState;
  readonly find: (text: string, direction: "back" | "forward") => void;
  readonly paste: (text: string) => void;
  /** Connects once more; what was on the screen stays. */
  readonly again: () => void;
}

interface Screen {
  readonly terminal: Terminal;
  readonly fit: FitAddon;
  readonly search: SearchAddon;
}

const SCROLLBACK_LINES = 10_000;
const FOCUS_DELAY_MS = 50;
/** The window tells what it has shown in steps: each is a message. */
const SEEN_STEP_BYTES = 64 * 1024;

/** `onTitle` must be the same function each time, or nothing of what it closes over may matter. */
export function useHostShell(
  host: string,
  place: RefObject<HTMLDivElement | null>,
  onTitle: (title: string) => void,
): HostShell {
  const screen = useRef<Screen>(undefined);
  const send = useRef<((bytes: Uint8Array) => void) | undefined>(undefined);
  const title = useRef(onTitle);
  const [state, setState] = useState<ShellState>({ kind: "opening" });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    title.current = onTitle;
  }, [onTitle]);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const shown = openScreen(element);
    screen.current = shown;
    const typed = shown.terminal.onData((text) => {
      const bytes = new TextEncoder().encode(text);
      send.current?.(bytes);
      sayToOthers(host, bytes);
    });
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) shown.fit.fit();
    });
    observer.observe(element);
    const leave = joinBroadcast(host, (bytes) => send.current?.(bytes));
    return () => {
      leave();
      typed.dispose();
      observer.disconnect();
      screen.current = undefined;
      shown.terminal.dispose();
    };
  }, [host, place]);
  useEffect(() => {
    const shown = screen.current;
    if (shown === undefined) return undefined;
    shown.fit.fit();
    const connection = connect(host, shown.terminal, (next) => {
      setState(next);
      title.current(`SSH: ${host}${next.kind === "closed" ? " (closed)" : ""}`);
    });
    send.current = (bytes) => connection.send(bytes);
    // Later: whoever opened the tab has the focus until its click is over.
    const focusing = setTimeout(() => shown.terminal.focus(), FOCUS_DELAY_MS);
    return () => {
      clearTimeout(focusing);
      send.current = undefined;
      connection.close();
    };
  }, [host, tries]);
  const find = useCallback((text: string, direction: "back" | "forward") => {
    if (direction === "back") screen.current?.search.findPrevious(text);
    else screen.current?.search.findNext(text);
  }, []);
  const paste = useCallback((text: string) => {
    screen.current?.terminal.paste(text);
    screen.current?.terminal.focus();
  }, []);
  const again = useCallback(() => setTries((count) => count + 1), []);
  return { state, find, paste, again };
}

function openScreen(element: HTMLElement): Screen {
  const terminal = new Terminal({
    cursorBlink: true,
    fontFamily: getComputedStyle(element).getPropertyValue("--mono"),
    fontSize: 12,
    scrollback: SCROLLBACK_LINES,
    theme: TERMINAL_THEME,
    // Links are the host's words: shown, never followed.
    linkHandler: null,
  });
  const [fit, search] = [new FitAddon(), new SearchAddon()];
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.open(element);
  return { terminal, fit, search };
}

interface Connection {
  readonly send: (bytes: Uint8Array) => void;
  readonly close: () => void;
}

/** Opens the shell and joins it to the screen; `onState` hears what becomes of it. */
function connect(host: string, terminal: Terminal, onState: (state: ShellState) => void): Connection {
  let id: number | undefined;
  let isClosed = false;
  let unseen = 0;
  let stop: () => void = () => undefined;
  const closedBecause = (reason: string, remedy = ""): void => {
    if (isClosed) return;
    id = undefined;
    onState({ kind: "closed", reason, remedy });
  };
  const seen = (bytes: number): void => {
    unseen += bytes;
    if (unseen < SEEN_STEP_BYTES || id === undefined) return;
    void ask("seenTerminal", { terminal: id, bytes: unseen });
    unseen = 0;
  };
  onState({ kind: "opening" });
  const { cols: columns, rows } = terminal;
  ask("openTerminal", { host, columns, rows }).then(
    (opened) => {
      if (opened.kind === "refused") return closedBecause(opened.reason, opened.remedy);
      if (isClosed) return void ask("closeTerminal", { terminal: opened.terminal });
      id = opened.terminal;
      stop = followTerminal(id, {
        data: (bytes) => terminal.write(bytes, () => seen(bytes.byteLength)),
        closed: (reason) => closedBecause(reason),
      });
      onState({ kind: "open", terminal: id });
      return undefined;
    },
    (error: unknown) => closedBecause(String(error)),
  );
  const resized = terminal.onResize(({ cols, rows: height }) => {
    if (id !== undefined) void ask("resizeTerminal", { terminal: id, columns: cols, rows: height });
  });
  return {
    send(bytes) {
      if (id !== undefined) void ask("writeTerminal", { terminal: id, bytes });
    },
    close() {
      isClosed = true;
      stop();
      resized.dispose();
      if (id !== undefined) void ask("closeTerminal", { terminal: id });
    },
  };
}
