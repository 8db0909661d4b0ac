// A screen with a host's shell behind it: opened, sized, fed as fast as it shows, joined to the others' typing.
import type { Terminal } from "@xterm/xterm";
import { useCallback, useEffect, useId, useRef, useState, type RefObject } from "react";
import type { OpenedTerminal } from "#shared/controller-api/window-messages.ts";
import { ask, followTerminal } from "../state/controller-updates.ts";
import { windowStore } from "../state/window-store.ts";
import { noteTerminal } from "./open-terminals.ts";
import { joinBroadcast, othersOf, tellBroadcast } from "./broadcast.ts";
import { TerminalLink, type LinkState } from "./terminal-link.ts";
import { openScreen, writeLoss, writeMark, type TerminalScreen } from "./terminal-screen.ts";

export interface HostShell {
  /** Among the terminals of the window. */
  readonly id: string;
  readonly state: LinkState;
  readonly find: (text: string, direction: "back" | "forward") => void;
  /** Into this one, and into those that hear it. */
  readonly paste: (text: string) => void;
  /** Connects once more; what was on the screen stays. */
  readonly again: () => void;
  readonly focus: () => void;
}

export interface ShellPlace {
  /** Names the tab. */
  readonly tab: string;
  readonly host: string;
  /** The shell that comes from another window; it is taken once. */
  readonly moved: string | undefined;
}

const FOCUS_DELAY_MS = 50;
/** The window tells what it has shown in steps: each is a message. */
const SEEN_STEP_BYTES = 64 * 1024;

/** `onTitle` must be the same function each time, or nothing of what it closes over may matter. */
export function useHostShell(
  { tab, host, moved }: ShellPlace,
  place: RefObject<HTMLDivElement | null>,
  onTitle: (title: string) => void,
): HostShell {
  const id = useId();
  const screen = useRef<TerminalScreen>(undefined);
  const link = useRef<TerminalLink>(undefined);
  const pasting = useRef(false);
  const title = useRef(onTitle);
  const [state, setState] = useState<LinkState>({ kind: "opening", isAgain: false });
  useEffect(() => {
    title.current = onTitle;
  }, [onTitle]);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const opened = openShell(id, { tab, host, moved }, element, pasting, (next) => {
      setState(next);
      title.current(`SSH: ${host}${titleWords(next)}`);
    });
    screen.current = opened.screen;
    link.current = opened.link;
    return () => {
      screen.current = undefined;
      opened.close();
    };
  }, [tab, host, moved, place, id]);
  const find = useCallback((text: string, direction: "back" | "forward") => {
    if (direction === "back") screen.current?.search.findPrevious(text);
    else screen.current?.search.findNext(text);
  }, []);
  const paste = useCallback(
    (text: string) => {
      const own = screen.current?.terminal;
      if (own === undefined) return;
      pasteQuietly(own, pasting, text);
      for (const other of othersOf(id)) other.paste(text);
      own.focus();
    },
    [id],
  );
  const again = useCallback(() => {
    link.current?.connect();
    screen.current?.terminal.focus();
  }, []);
  const focus = useCallback(() => screen.current?.terminal.focus(), []);
  return { id, state, find, paste, again, focus };
}

interface OpenedShell {
  readonly screen: TerminalScreen;
  readonly link: TerminalLink;
  readonly close: () => void;
}

function openShell(
  id: string,
  shellPlace: ShellPlace,
  element: HTMLElement,
  pasting: { current: boolean },
  onState: (state: LinkState) => void,
): OpenedShell {
  const screen = openScreen(element);
  const { terminal } = screen;
  screen.fit.fit();
  const { host } = shellPlace;
  const link = linkTo(shellPlace, terminal, (next) => {
    onState(next);
    tellBroadcast(id, next.kind === "open");
  });
  const leave = joinBroadcast(id, host, {
    send: (bytes) => link.send(bytes),
    paste: (text) => pasteQuietly(terminal, pasting, text),
  });
  terminal.onData((text) => {
    const bytes = new TextEncoder().encode(text);
    // What goes nowhere here goes nowhere at all: the key that tries again is not for the others either.
    if (!link.send(bytes) || pasting.current) return;
    for (const other of othersOf(id)) other.send(bytes);
  });
  // The key that says so is not for the host.
  terminal.onKey(() => link.connectIfLost());
  const stopWatching = windowStore.subscribe(({ gone }, before) => {
    if (gone === undefined && before.gone !== undefined) link.connectIfLost();
  });
  const observer = new ResizeObserver(() => {
    if (element.clientWidth > 0) screen.fit.fit();
  });
  observer.observe(element);
  link.connect();
  // Later: whoever opened the tab has the focus until its click is over.
  const focusing = setTimeout(() => terminal.focus(), FOCUS_DELAY_MS);
  return {
    screen,
    link,
    close() {
      clearTimeout(focusing);
      stopWatching();
      leave();
      observer.disconnect();
      link.close();
      screen.dispose();
    },
  };
}

function titleWords(state: LinkState): string {
  if (state.kind === "closed") return " (closed)";
  return state.kind === "waiting" ? " (lost)" : "";
}

/** Not as typing, which others would hear a second time. */
function pasteQuietly(terminal: Terminal, pasting: { current: boolean }, text: string): void {
  pasting.current = true;
  terminal.paste(text);
  pasting.current = false;
}

function linkTo(
  { tab, host, moved }: ShellPlace,
  terminal: Terminal,
  onState: (state: LinkState) => void,
): TerminalLink {
  let unseen = 0;
  let open: number | undefined;
  let [wasOpen, isLost, isTaken] = [false, false, false];
  const seen = (id: number, bytes: number): void => {
    if (id !== open) return;
    unseen += bytes;
    if (unseen < SEEN_STEP_BYTES) return;
    void quietly(ask("seenTerminal", { terminal: id, bytes: unseen }));
    unseen = 0;
  };
  terminal.onResize(({ cols, rows }) => {
    if (open !== undefined) void quietly(ask("resizeTerminal", { terminal: open, columns: cols, rows }));
  });
  const size = { columns: terminal.cols, rows: terminal.rows };
  return new TerminalLink({
    open() {
      Object.assign(size, { columns: terminal.cols, rows: terminal.rows });
      const shell = isTaken ? undefined : moved;
      isTaken = true;
      return shell === undefined
        ? ask("openTerminal", { host, ...size })
        : takeOver(shell, { host, ...size });
    },
    close: (id) => void quietly(ask("closeTerminal", { terminal: id })),
    write: (id, bytes) => void quietly(ask("writeTerminal", { terminal: id, bytes })),
    follow: followTerminal,
    onData: (id, bytes) => terminal.write(bytes, () => seen(id, bytes.byteLength)),
    onState(state, id) {
      open = id;
      noteTerminal(tab, id);
      unseen = 0;
      const { cols, rows } = terminal;
      // Sized while the host was being reached.
      if (id !== undefined && (cols !== size.columns || rows !== size.rows)) {
        void quietly(ask("resizeTerminal", { terminal: id, columns: cols, rows }));
      }
      // Once for each loss, not for each attempt.
      if (state.kind !== "open" && wasOpen) writeLoss(terminal, `${clock()} ${lostWords(state)}`);
      if (state.kind === "open" && isLost) writeMark(terminal, `${clock()} connected again`);
      isLost = state.kind === "waiting" || (isLost && state.kind === "opening");
      wasOpen = state.kind === "open";
      onState(state);
    },
    now: () => Date.now(),
    after(delayMs, action) {
      const timer = setTimeout(action, delayMs);
      return () => clearTimeout(timer);
    },
  });
}

/** After a start nobody knows it any more: then another one is opened. */
async function takeOver(
  shell: string,
  { host, columns, rows }: { readonly host: string; readonly columns: number; readonly rows: number },
): Promise<OpenedTerminal> {
  const adopted = await ask("adoptTerminal", { shell, columns, rows });
  return adopted.kind === "opened" ? adopted : ask("openTerminal", { host, columns, rows });
}

function lostWords(state: LinkState): string {
  return state.kind === "waiting" || state.kind === "closed" ? state.reason : "closed";
}

async function quietly(asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch {
    // The controller has just gone, which is told where it is noticed.
  }
}

const clock = (): string => new Date().toLocaleTimeString();
