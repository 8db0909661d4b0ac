// Where a new user begins: examples that run on this computer, and the way to an application of one's own.
import { IconFolderOpen, IconPlayerPlayFilled, IconServer2 } from "@tabler/icons-react";
import { useState, type JSX } from "react";
import { useStore } from "zustand";
import type { WelcomeUpdate } from "#shared/controller-api/window-messages.ts";
import { openExample, startRun } from "../state/actions.ts";
import { requestOpen } from "../state/requests.ts";
import { windowStore } from "../state/window-store.ts";

/** In the words of their files; an example that is new has its name only. */
const SUMMARIES: Readonly<Record<string, string>> = {
  "wide-area": "Twelve places of the world, a barrier, and half a minute to look around",
  hello: "One file brought to two hosts and printed there",
  roundrobin: "One master hands the turn round to ten clients, which learn its address",
  "file-distribution": "Two components that meet at a shared barrier, then send and receive",
  "load-test": "A server, and generators that start together",
  service: "A service that is watched and stopped after a time",
  simulated: "A thousand hosts that are only simulated: the window at its full size",
  failing: "One worker exits with status 3, one never ends: how failures are told",
};

const FIRST = "wide-area";

const NONE: WelcomeUpdate["examples"] = [];

export function StartPage(): JSX.Element {
  const known = useStore(windowStore, (state) => state.welcome?.examples ?? NONE);
  const examples = known.toSorted(
    (left, right) => Number(right.name === FIRST) - Number(left.name === FIRST),
  );
  const [chosen, setChosen] = useState(FIRST);
  const open = async (andRun: boolean): Promise<void> => {
    if ((await openExample(chosen)) && andRun) await startRun();
  };
  return (
    <div className="scroll start-page" tabIndex={0} role="region" aria-label="Start">
      <section>
        <h1>Run something on several hosts</h1>
        <p>
          The examples run on embedded hosts of this computer: they need no SSH and no set-up, and leave
          nothing behind.
        </p>
        <div role="radiogroup" aria-label="Examples" className="examples">
          {examples.map(({ name }) => (
            <label key={name} className={chosen === name ? "chosen" : ""}>
              <input type="radio" name="example" checked={chosen === name} onChange={() => setChosen(name)} />
              <span>
                <b>{name}</b>
                <span>{SUMMARIES[name] ?? ""}</span>
              </span>
            </label>
          ))}
        </div>
        <div className="acts">
          <button type="button" className="button main large" onClick={() => void open(true)}>
            <IconPlayerPlayFilled size={14} /> Run {chosen}
          </button>
          <button type="button" className="button large" onClick={() => void open(false)}>
            Look at it first
          </button>
        </div>
      </section>
      <section>
        <h2>Your own application</h2>
        <button type="button" className="start-link" onClick={() => requestOpen("application")}>
          <IconFolderOpen size={16} />
          <span>
            <b>Open application</b>
            <span>Plush or Gush XML</span>
          </span>
          <kbd>Ctrl</kbd> <kbd>O</kbd>
        </button>
        <h2>Your hosts</h2>
        <button type="button" className="start-link" onClick={() => requestOpen("directory")}>
          <IconServer2 size={16} />
          <span>
            <b>Open resource directory</b>
            <span>directory.xml: which hosts there are, and how they are reached</span>
          </span>
        </button>
      </section>
    </div>
  );
}
