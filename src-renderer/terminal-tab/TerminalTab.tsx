// A shell on a host in a tab: typed into, found in, connected again in place, with the host's files and ports beside it.
import "@xterm/xterm/css/xterm.css";
import {
  IconBroadcast,
  IconBroadcastOff,
  IconFolder,
  IconPlugConnected,
  IconRefresh,
  IconSearch,
} from "@tabler/icons-react";
import { useRef, useState, type JSX } from "react";
import { useStore } from "zustand";
import { useNow } from "../marks/use-now.ts";
import { BroadcastPicker } from "./BroadcastPicker.tsx";
import { broadcastStore, stopBroadcast } from "./broadcast.ts";
import { FilePanel } from "./FilePanel.tsx";
import { PortPanel } from "./PortPanel.tsx";
import { isHarmless, PasteWarning } from "./PasteWarning.tsx";
import { KeyReview } from "../marks/KeyReview.tsx";
import type { LinkState } from "./terminal-link.ts";
import { useHostShell } from "./use-host-shell.ts";

interface TerminalTabProps {
  /** Names the tab. */
  readonly tab: string;
  readonly host: string;
  /** One that comes from another window. */
  readonly shell: string | undefined;
  readonly onTitle: (title: string) => void;
}

/** What may be seen beside the shell. */
const SIDES = [
  { name: "files", label: "Files of the host", icon: <IconFolder size={14} /> },
  { name: "ports", label: "Ports of the host", icon: <IconPlugConnected size={14} /> },
] as const;

export function TerminalTab({ tab, host, shell: moved, onTitle }: TerminalTabProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const shell = useHostShell({ tab, host, moved }, place, onTitle);
  const { id, state, paste: pasteText, again, focus } = shell;
  const [pasted, setPasted] = useState<string | undefined>(undefined);
  const [side, setSide] = useState<"files" | "ports" | undefined>(undefined);
  const [isChoosing, setChoosing] = useState(false);
  const { members, isOn, chosen } = useStore(broadcastStore);
  const hears = isOn && chosen.has(id);
  const reached = members.filter((member) => chosen.has(member.id) && member.isOpen).length;
  return (
    <div className={`terminal-tab ${hears ? "broadcasting" : ""}`}>
      <div className="terminal-bar">
        <span className="mono lead">{host}</span>
        <LinkWords state={state} />
        <span className="grow" />
        <Find onFind={shell.find} onClose={focus} />
        <button
          type="button"
          className="icon-button"
          aria-pressed={hears}
          aria-label="Type to several terminals"
          title="Type to several terminals"
          onClick={() => setChoosing(!isChoosing)}
        >
          <IconBroadcast size={14} />
        </button>
        {SIDES.map(({ name, label, icon }) => (
          <button
            key={name}
            type="button"
            className="icon-button side"
            aria-pressed={side === name}
            aria-label={label}
            title={label}
            onClick={() => setSide(side === name ? undefined : name)}
          >
            {icon}
          </button>
        ))}
      </div>
      {hears ? (
        <div className="broadcast-tag" role="status">
          Typing goes to {reached} of {chosen.size} chosen terminals
          <button type="button" onClick={stopBroadcast}>
            <IconBroadcastOff size={13} /> Stop
          </button>
        </div>
      ) : null}
      <div className="terminal-body">
        <div
          ref={place}
          className="terminal-screen"
          onPasteCapture={(event) => {
            const text = event.clipboardData.getData("text");
            event.preventDefault();
            event.stopPropagation();
            if (isHarmless(text)) pasteText(text);
            else setPasted(text);
          }}
        />
        {side === "files" ? <FilePanel host={host} /> : null}
        {side === "ports" ? <PortPanel host={host} /> : null}
      </div>
      {isChoosing ? (
        <BroadcastPicker
          id={id}
          onClose={() => {
            setChoosing(false);
            focus();
          }}
        />
      ) : null}
      {pasted === undefined ? null : (
        <PasteWarning
          text={pasted}
          terminals={hears ? reached : 1}
          onCancel={() => {
            setPasted(undefined);
            focus();
          }}
          onPaste={() => {
            setPasted(undefined);
            pasteText(pasted);
          }}
        />
      )}
      <LinkStrip host={host} state={state} onAgain={again} />
    </div>
  );
}

function LinkWords({ state }: { readonly state: LinkState }): JSX.Element {
  const words = { opening: "connecting", open: "connected", waiting: "connection lost", closed: "closed" };
  return <span className={`link-words ${state.kind}`}>{words[state.kind]}</span>;
}

interface FindProps {
  readonly onFind: (text: string, direction: "back" | "forward") => void;
  readonly onClose: () => void;
}

function Find({ onFind, onClose }: FindProps): JSX.Element {
  const [searched, setSearched] = useState<string | undefined>(undefined);
  if (searched === undefined) {
    return (
      <button
        type="button"
        className="icon-button"
        aria-label="Find"
        title="Find"
        onClick={() => setSearched("")}
      >
        <IconSearch size={14} />
      </button>
    );
  }
  return (
    <input
      className="field"
      autoFocus
      aria-label="Find in the terminal"
      placeholder="Find; Enter goes up, Shift+Enter down"
      value={searched}
      onChange={({ target }) => {
        setSearched(target.value);
        onFind(target.value, "back");
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") onFind(searched, event.shiftKey ? "forward" : "back");
        if (event.key !== "Escape") return;
        setSearched(undefined);
        onClose();
      }}
    />
  );
}

interface LinkStripProps {
  readonly host: string;
  readonly state: LinkState;
  readonly onAgain: () => void;
}

/** What is the matter with the way to the host, and what can be done; nothing while all is well. */
function LinkStrip({ host, state, onAgain }: LinkStripProps): JSX.Element | null {
  const [isReviewing, setReviewing] = useState(false);
  const changedKey = state.kind === "closed" ? state.changedKey : undefined;
  if (state.kind === "open") return null;
  if (state.kind === "opening") return <div className="terminal-strip">Connecting to {host}</div>;
  return (
    <div className="terminal-strip" role="status">
      {state.kind === "closed" ? (
        <span>
          <b>
            {changedKey === undefined
              ? `Closed: ${state.reason}.`
              : `${changedKey.name} shows another key than the known one.`}
          </b>{" "}
          {changedKey === undefined ? state.remedy : "Nothing was sent to it."}
        </span>
      ) : (
        <span>
          <b>{state.reason}.</b> <Countdown untilMs={state.retryAtMs} />
        </span>
      )}
      <span className="grow" />
      <button type="button" className="button" onClick={onAgain}>
        <IconRefresh size={14} /> {state.kind === "closed" ? "Connect again" : "Try now"}
      </button>
      {changedKey === undefined ? null : (
        <button type="button" className="button main" onClick={() => setReviewing(true)}>
          Review the key...
        </button>
      )}
      {isReviewing && changedKey !== undefined ? (
        <KeyReview changed={changedKey} onClose={() => setReviewing(false)} onReplaced={onAgain} />
      ) : null}
    </div>
  );
}

function Countdown({ untilMs }: { readonly untilMs: number }): JSX.Element {
  const now = useNow();
  const seconds = Math.max(0, Math.ceil((untilMs - now) / 1000));
  return <>Trying again in {seconds} s; any key tries at once.</>;
}
