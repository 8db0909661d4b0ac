// A shell on a host in a tab: typed into, found in, and connected again in place when the connection is gone.
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { IconBroadcast, IconRefresh, IconSearch } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState, type JSX } from "react";
import { useStore } from "zustand";
import { ask, followTerminal } from "../state/controller.ts";
import { broadcastStore, joinBroadcast, leaveBroadcast, sayToOthers } from "./broadcast.ts";
import { TERMINAL_THEME } from "./terminal-theme.ts";

interface TerminalTabProps {
  readonly host: string;
  readonly onTitle: (title: string) => void;
}

type State =
  | { readonly kind: "opening" }
  | { readonly kind: "open"; readonly terminal: number }
  | { readonly kind: "closed"; readonly reason: string; readonly remedy: string };

const SCROLLBACK_LINES = 10_000;
/** The window tells what it has shown in steps: each is a message. */
const SEEN_STEP_BYTES = 64 * 1024;
/** One message from a window at most. */
const PASTE_BYTES_MAX = 512 * 1024;

export function TerminalTab({ host, onTitle }: TerminalTabProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<{ terminal: Terminal; fit: FitAddon; search: SearchAddon }>(undefined);
  const [state, setState] = useState<State>({ kind: "opening" });
  const [tries, setTries] = useState(0);
  const [find, setFind] = useState<string | undefined>(undefined);
  const [paste, setPaste] = useState<string | undefined>(undefined);
  const sendTo = useRef<((bytes: Uint8Array) => void) | undefined>(undefined);
  const { members, isOn } = useStore(broadcastStore);
  const isMember = isOn && members.has(host);

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const terminal = new Terminal({
      allowProposedApi: false,
      cursorBlink: true,
      fontFamily: getComputedStyle(element).getPropertyValue("--mono"),
      fontSize: 12,
      scrollback: SCROLLBACK_LINES,
      theme: TERMINAL_THEME,
      screenReaderMode: false,
      // Links and titles are the host's words: shown, never followed by themselves.
      linkHandler: null,
    });
    const fit = new FitAddon();
    const search = new SearchAddon();
    terminal.loadAddon(fit);
    terminal.loadAddon(search);
    terminal.open(element);
    screen.current = { terminal, fit, search };
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) fit.fit();
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      screen.current = undefined;
      terminal.dispose();
    };
  }, []);

  useEffect(() => {
    const shown = screen.current;
    if (shown === undefined) return undefined;
    const { terminal, fit } = shown;
    fit.fit();
    const connection = connect(host, terminal, (next) => {
      setState(next);
      const sign = next.kind === "closed" ? " (closed)" : "";
      onTitle(`SSH: ${host}${sign}`);
    });
    sendTo.current = connection.send;
    terminal.focus();
    return () => {
      sendTo.current = undefined;
      connection.close();
    };
    // A title's function is made anew with each rendering; it always says the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [host, tries]);

  useEffect(() => joinBroadcast(host, (bytes) => sendTo.current?.(bytes)), [host]);

  useEffect(() => {
    const shown = screen.current;
    if (shown === undefined) return undefined;
    const typed = shown.terminal.onData((text) => {
      const bytes = new TextEncoder().encode(text);
      sendTo.current?.(bytes);
      sayToOthers(host, bytes);
    });
    return () => typed.dispose();
  }, [host]);

  const takePaste = useCallback((text: string) => {
    setPaste(undefined);
    screen.current?.terminal.paste(text);
    screen.current?.terminal.focus();
  }, []);

  return (
    <div className={`terminal-tab ${isMember ? "broadcasting" : ""}`}>
      <div className="terminal-tools">
        {find === undefined ? (
          <button type="button" className="icon-button" aria-label="Find" onClick={() => setFind("")}>
            <IconSearch size={14} />
          </button>
        ) : (
          <input
            className="field"
            autoFocus
            aria-label="Find in the terminal"
            placeholder="Find"
            value={find}
            onChange={({ target }) => {
              setFind(target.value);
              screen.current?.search.findPrevious(target.value);
            }}
            onKeyDown={(event) => {
              if (event.key === "Escape") setFind(undefined);
              if (event.key === "Enter" && event.shiftKey) screen.current?.search.findNext(find);
              else if (event.key === "Enter") screen.current?.search.findPrevious(find);
            }}
          />
        )}
        <button
          type="button"
          className="icon-button"
          aria-pressed={isMember}
          aria-label={isMember ? "Stop typing to all terminals" : "Type to all terminals"}
          title={isMember ? "Stop typing to all terminals" : "Type to all terminals"}
          onClick={() => (isOn ? leaveBroadcast() : broadcastStore.setState({ isOn: true }))}
        >
          <IconBroadcast size={14} />
        </button>
      </div>
      {isMember ? <div className="broadcast-tag">typing goes to {members.size} terminals</div> : null}
      <div
        ref={place}
        className="terminal-screen"
        onPasteCapture={(event) => {
          const text = event.clipboardData.getData("text");
          if (!/[\r\n]./s.test(text) && text.length < PASTE_BYTES_MAX) return;
          event.preventDefault();
          event.stopPropagation();
          setPaste(text);
        }}
      />
      {paste === undefined ? null : <PasteWarning text={paste} onPaste={takePaste} onCancel={() => setPaste(undefined)} />}
      {state.kind === "opening" ? <div className="terminal-strip">Connecting to {host}</div> : null}
      {state.kind === "closed" ? (
        <div className="terminal-strip" role="status">
          <span>
            <b>Closed: {state.reason}.</b> {state.remedy}
          </span>
          <span className="grow" />
          <button type="button" className="button" onClick={() => setTries(tries + 1)}>
            <IconRefresh size={14} /> Connect again
          </button>
        </div>
      ) : null}
    </div>
  );
}

interface PasteWarningProps {
  readonly text: string;
  readonly onPaste: (text: string) => void;
  readonly onCancel: () => void;
}

function PasteWarning({ text, onPaste, onCancel }: PasteWarningProps): JSX.Element {
  const lines = text.split(/\r\n|\r|\n/);
  const isTooLong = text.length >= PASTE_BYTES_MAX;
  return (
    <div className="paste-warning" role="alertdialog" aria-label="Paste several lines">
      <b>{isTooLong ? "This is too much to paste." : `Paste ${String(lines.length)} lines?`}</b>
      <pre className="quoted">{lines.slice(0, 12).join("\n")}</pre>
      {lines.length > 12 ? <p className="sub">and {lines.length - 12} more</p> : null}
      <div className="dialog-acts">
        <button type="button" className="button" autoFocus onClick={onCancel}>
          Cancel
        </button>
        {isTooLong ? null : (
          <button type="button" className="button main" onClick={() => onPaste(text)}>
            Paste
          </button>
        )}
      </div>
    </div>
  );
}

interface Connection {
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Opens the shell and joins it to the screen; `onState` hears what becomes of it. */
function connect(host: string, terminal: Terminal, onState: (state: State) => void): Connection {
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
