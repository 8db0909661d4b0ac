// Chooses the terminals that typing goes to; all of them hear it once it is started, whichever is typed in.
import { useState, type JSX } from "react";
import { useStore } from "zustand";
import { plural } from "../marks/words.ts";
import {
  broadcastStore,
  chooseForBroadcast,
  startBroadcast,
  stopBroadcast,
  type BroadcastMember,
} from "./broadcast.ts";

interface BroadcastPickerProps {
  /** The terminal that it was opened in: chosen with the others. */
  readonly id: string;
  readonly onClose: () => void;
}

export function BroadcastPicker({ id, onClose }: BroadcastPickerProps): JSX.Element {
  const { members, isOn, chosen } = useStore(broadcastStore);
  const [wanted, setWanted] = useState(() => (isOn ? chosen : new Set([...chosen, id])));
  const choose = (next: ReadonlySet<string>): void => {
    setWanted(next);
    if (isOn) chooseForBroadcast(next);
  };
  const start = (): void => {
    chooseForBroadcast(wanted);
    startBroadcast();
    onClose();
  };
  return (
    <div
      className="broadcast-picker"
      role="dialog"
      aria-label="Type to several terminals"
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <header>
        <b>Type to several terminals</b>
        <span className="grow" />
        <button
          type="button"
          className="link"
          onClick={() => choose(new Set(members.map((member) => member.id)))}
        >
          all
        </button>
        <button type="button" className="link" onClick={() => choose(new Set([id]))}>
          only this
        </button>
      </header>
      <ul>
        {members.map((member) => (
          <li key={member.id}>
            <label>
              <input
                type="checkbox"
                checked={wanted.has(member.id)}
                onChange={() => choose(toggled(wanted, member.id))}
              />
              <span className="mono">{member.host}</span>
              <span className="sub">{wordsOf(member, id)}</span>
            </label>
          </li>
        ))}
      </ul>
      <div className="dialog-acts">
        <button type="button" className="button" autoFocus onClick={onClose}>
          Close
        </button>
        {isOn ? (
          <button type="button" className="button main" onClick={stopBroadcast}>
            Stop
          </button>
        ) : (
          <button type="button" className="button main" disabled={wanted.size < 2} onClick={start}>
            Type to {plural(wanted.size, "terminal")}
          </button>
        )}
      </div>
    </div>
  );
}

function wordsOf(member: BroadcastMember, own: string): string {
  return [member.id === own ? "this one" : "", member.isOpen ? "" : "not connected"]
    .filter((word) => word !== "")
    .join(", ");
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}
