// The keys that hosts have shown: known, new, changed, revoked; new ones are accepted or refused, one by one or many at once.
import { IconKey } from "@tabler/icons-react";
import { useCallback, useEffect, useState, type JSX } from "react";
import { useStore } from "zustand";
import type { ChangedHostKey } from "#shared/controller-api/changed-host-key.ts";
import type { HostKeyState, SeenHostKey } from "#shared/controller-api/host-key-list.ts";
import type { HostMark } from "#shared/host-query/host-mark.ts";
import { KeyReview } from "../marks/KeyReview.tsx";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { countText, plural } from "../marks/words.ts";
import { act, ask, followHostTests } from "../state/controller-updates.ts";
import { selectionStore } from "../state/selection-store.ts";
import { tell } from "../state/window-store.ts";

/** What needs a person comes first. */
const ORDER: readonly HostKeyState[] = ["changed", "revoked", "new", "refused", "authority only", "known"];
const MARKS: Readonly<Record<HostKeyState, HostMark>> = {
  changed: "failed",
  revoked: "failed",
  new: "orphaned",
  refused: "lost",
  "authority only": "orphaned",
  known: "finished",
};
/** A burst of tested hosts is one look. */
const LOOK_DELAY_MS = 300;
const SHOWN_MAX = 200;

export function HostKeys(): JSX.Element | null {
  const [keys, setKeys] = useState<readonly SeenHostKey[]>([]);
  const [changed, setChanged] = useState<ChangedHostKey | undefined>(undefined);
  const selected = useStore(selectionStore, (state) => state.hosts);
  const look = useCallback(() => act("readHostKeys", {}, setKeys), []);
  useEffect(() => {
    look();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = followHostTests(() => {
      clearTimeout(timer);
      timer = setTimeout(look, LOOK_DELAY_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [look]);
  if (keys.length === 0) return null;
  const decide = (decision: "accept" | "refuse", which: readonly SeenHostKey[]): void => {
    const looked = which.map(({ name, fingerprint }) => ({ name, fingerprint }));
    ask("decideHostKeys", { decision, keys: looked }).then(
      (answer) => {
        if (answer.kind === "refused")
          tell("error", "Not all host keys could be written down", answer.message);
        look();
      },
      (error: unknown) => tell("error", "The host keys are as they were", String(error)),
    );
  };
  const sorted = keys.toSorted((left, right) => ORDER.indexOf(left.state) - ORDER.indexOf(right.state));
  const fresh = keys.filter(
    ({ state, host }) => state === "new" && (selected.size === 0 || selected.has(host)),
  );
  return (
    <section className="host-keys" aria-label="Host keys">
      <h3>
        <IconKey size={14} aria-hidden="true" /> Host keys
      </h3>
      {fresh.length < 2 ? null : <Many keys={fresh} onDecide={decide} />}
      <ul>
        {sorted.slice(0, SHOWN_MAX).map((key) => (
          <OneKey key={key.name} seen={key} onDecide={decide} onReview={setChanged} />
        ))}
      </ul>
      {sorted.length > SHOWN_MAX ? (
        <p className="sub">and {countText(sorted.length - SHOWN_MAX)} more</p>
      ) : null}
      {changed === undefined ? null : (
        <KeyReview
          changed={changed}
          act="Replace the key"
          onClose={() => setChanged(undefined)}
          onReplaced={() => {
            setChanged(undefined);
            tell("note", `The key of ${changed.name} is replaced`, "Test the host again to see it.");
          }}
        />
      )}
    </section>
  );
}

interface Deciding {
  readonly onDecide: (decision: "accept" | "refuse", which: readonly SeenHostKey[]) => void;
}

/** Accepting many takes a second word: nobody has vouched for any of them. */
function Many({ keys, onDecide }: Deciding & { readonly keys: readonly SeenHostKey[] }): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  if (!isAsked)
    return (
      <p className="many">
        {plural(keys.length, "host")} {keys.length === 1 ? "shows a key" : "show keys"} that nobody knows yet.
        <button type="button" className="button" onClick={() => setAsked(true)}>
          Accept all...
        </button>
        <button type="button" className="button" onClick={() => onDecide("refuse", keys)}>
          Refuse all
        </button>
      </p>
    );
  return (
    <p className="many" role="alert">
      Whoever answers in the place of one of these {countText(keys.length)} hosts now would be trusted from
      now on.
      <button type="button" className="button" autoFocus onClick={() => setAsked(false)}>
        Leave them
      </button>
      <button
        type="button"
        className="button danger filled"
        onClick={() => {
          setAsked(false);
          onDecide("accept", keys);
        }}
      >
        Accept {plural(keys.length, "key")}
      </button>
    </p>
  );
}

interface OneKeyProps extends Deciding {
  readonly seen: SeenHostKey;
  readonly onReview: (changed: ChangedHostKey) => void;
}

function OneKey({ seen, onDecide, onReview }: OneKeyProps): JSX.Element {
  const { host, name, state, keyType, fingerprint, known, review } = seen;
  const mark = MARKS[state];
  return (
    <li>
      <StateGlyph mark={mark} size={12} />
      <b style={{ color: `var(--ink-${mark})` }}>{state}</b>
      <span className="mono">{host === name ? name : `${host} (${name})`}</span>
      <span className="mono fingerprint">
        {keyType} {fingerprint}
        {known.map((one) => (
          <span key={`${one.file} ${String(one.line)}`} className="sub">
            {state === "changed" ? "known is" : "by"} {one.keyType} {one.fingerprint} ({one.file}, line{" "}
            {one.line})
          </span>
        ))}
      </span>
      {state === "new" || state === "refused" ? (
        <span className="acts">
          <button type="button" className="button" onClick={() => onDecide("accept", [seen])}>
            Accept
          </button>
          {state === "refused" ? null : (
            <button type="button" className="button" onClick={() => onDecide("refuse", [seen])}>
              Refuse
            </button>
          )}
        </span>
      ) : null}
      {state === "changed" && review !== undefined ? (
        <span className="acts">
          <button
            type="button"
            className="button"
            onClick={() => onReview({ review, name, known, shown: { keyType, fingerprint } })}
          >
            Look at both...
          </button>
        </span>
      ) : null}
    </li>
  );
}
