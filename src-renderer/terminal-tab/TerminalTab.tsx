// A shell on a host in a tab: typed into, found in, and connected again in place when the connection is gone.
import "@xterm/xterm/css/xterm.css";
import { IconBroadcast, IconRefresh, IconSearch } from "@tabler/icons-react";
import { useRef, useState, type JSX } from "react";
import { useStore } from "zustand";
import { broadcastStore, leaveBroadcast } from "./broadcast.ts";
import { useHostShell } from "./use-host-shell.ts";

interface TerminalTabProps {
  readonly host: string;
  readonly onTitle: (title: string) => void;
}

/** One message from a window holds no more. */
const PASTE_CHARACTERS_MAX = 256 * 1024;

export function TerminalTab({ host, onTitle }: TerminalTabProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const { state, find, paste: pasteText, again } = useHostShell(host, place, onTitle);
  const [searched, setSearched] = useState<string | undefined>(undefined);
  const [pasted, setPasted] = useState<string | undefined>(undefined);
  const { members, isOn } = useStore(broadcastStore);
  return (
    <div className={`terminal-tab ${isOn ? "broadcasting" : ""}`}>
      <div className="terminal-tools">
        {searched === undefined ? (
          <button type="button" className="icon-button" aria-label="Find" onClick={() => setSearched("")}>
            <IconSearch size={14} />
          </button>
        ) : (
          <input
            className="field"
            autoFocus
            aria-label="Find in the terminal"
            placeholder="Find"
            value={searched}
            onChange={({ target }) => {
              setSearched(target.value);
              find(target.value, "back");
            }}
            onKeyDown={(event) => {
              if (event.key === "Escape") setSearched(undefined);
              if (event.key === "Enter") find(searched, event.shiftKey ? "forward" : "back");
            }}
          />
        )}
        <button
          type="button"
          className="icon-button"
          aria-pressed={isOn}
          aria-label={isOn ? "Stop typing to all terminals" : "Type to all terminals"}
          title={isOn ? "Stop typing to all terminals" : "Type to all terminals"}
          onClick={() => (isOn ? leaveBroadcast() : broadcastStore.setState({ isOn: true }))}
        >
          <IconBroadcast size={14} />
        </button>
      </div>
      {isOn ? <div className="broadcast-tag">typing goes to {members.size} hosts</div> : null}
      <div
        ref={place}
        className="terminal-screen"
        onPasteCapture={(event) => {
          const text = event.clipboardData.getData("text");
          if (!/[\r\n]./s.test(text) && text.length < PASTE_CHARACTERS_MAX) return;
          event.preventDefault();
          event.stopPropagation();
          setPasted(text);
        }}
      />
      {pasted === undefined ? null : (
        <PasteWarning
          text={pasted}
          onCancel={() => setPasted(undefined)}
          onPaste={() => {
            setPasted(undefined);
            pasteText(pasted);
          }}
        />
      )}
      {state.kind === "opening" ? <div className="terminal-strip">Connecting to {host}</div> : null}
      {state.kind === "closed" ? (
        <div className="terminal-strip" role="status">
          <span>
            <b>Closed: {state.reason}.</b> {state.remedy}
          </span>
          <span className="grow" />
          <button type="button" className="button" onClick={again}>
            <IconRefresh size={14} /> Connect again
          </button>
        </div>
      ) : null}
    </div>
  );
}

interface PasteWarningProps {
  readonly text: string;
  readonly onPaste: () => void;
  readonly onCancel: () => void;
}

function PasteWarning({ text, onPaste, onCancel }: PasteWarningProps): JSX.Element {
  const lines = text.split(/\r\n|\r|\n/);
  const isTooLong = text.length >= PASTE_CHARACTERS_MAX;
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
          <button type="button" className="button main" onClick={onPaste}>
            Paste
          </button>
        )}
      </div>
    </div>
  );
}
