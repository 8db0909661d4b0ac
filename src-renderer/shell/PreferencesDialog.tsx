// Preferences: the window's own appearance, changed at once; and the values of plush.prefs, checked and written by the controller's side.
import { useEffect, useState, type FormEvent, type JSX } from "react";
import { useStore } from "zustand";
import type { PreferenceEntry, PreferencesView } from "#shared/controller-api/window-messages.ts";
import { act, ask } from "../state/controller-updates.ts";
import { DENSITIES, MOTIONS, settingsStore, THEMES } from "../state/settings-store.ts";
import { tell } from "../state/window-store.ts";
import { closeDialog } from "./dialog-store.ts";

const GROUPS = ["SSH", "Controller and overlay", "Runs", "Command line"] as const;
const SECTIONS = ["Appearance", ...GROUPS] as const;
type Section = (typeof SECTIONS)[number];

/** By key: what the fields hold; "" is the default. */
type Values = Readonly<Record<string, string>>;

export function PreferencesDialog(): JSX.Element {
  const [section, setSection] = useState<Section>("Appearance");
  const [view, setView] = useState<PreferencesView | undefined>(undefined);
  const [values, setValues] = useState<Values>({});
  const [wrong, setWrong] = useState<ReadonlyMap<string, string>>(new Map());
  const take = (next: PreferencesView): void => {
    setView(next);
    setValues(Object.fromEntries(next.entries.map(({ key, own }) => [key, own ?? ""])));
  };
  useEffect(() => act("readPreferences", {}, take), []);
  const changes = changesOf(view, values);
  const save = async (): Promise<void> => {
    const written = await ask("writePreferences", { changes });
    if (written.kind === "written") {
      setWrong(new Map());
      take(written.preferences);
      tell("note", "Preferences are saved", restartWords(written.preferences));
      return;
    }
    setWrong(new Map(written.problems.map(({ key, message }) => [key ?? "", message])));
    const [first] = written.problems;
    const group = view?.entries.find(({ key }) => key === first?.key)?.group;
    if (group !== undefined) setSection(group);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save().catch((error: unknown) => setWrong(new Map([["", String(error)]])));
  };
  return (
    <form className="preferences" onSubmit={submit}>
      <div className="preferences-body">
        <div className="preferences-sections" role="group" aria-label="Sections">
          {SECTIONS.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={section === one}
              data-autofocus={section === one || undefined}
              onClick={() => setSection(one)}
            >
              {one}
            </button>
          ))}
        </div>
        <div className="preferences-fields">
          {section === "Appearance" ? (
            <Appearance />
          ) : (
            view?.entries
              .filter(({ group }) => group === section)
              .map((entry) => (
                <Preference
                  key={entry.key}
                  entry={entry}
                  value={values[entry.key] ?? ""}
                  problem={wrong.get(entry.key)}
                  onValue={(value) => setValues({ ...values, [entry.key]: value })}
                />
              ))
          )}
        </div>
      </div>
      {wrong.has("") ? (
        <p className="note failed" role="alert">
          {wrong.get("")}
        </p>
      ) : null}
      {view?.problems.map((problem) => (
        <p key={problem} className="note orphaned">
          {problem}
        </p>
      ))}
      <div className="dialog-acts">
        <span className="sub preferences-path mono">{view?.path}</span>
        <button type="button" className="button" onClick={closeDialog}>
          Close
        </button>
        <button type="submit" className="button main" disabled={Object.keys(changes).length === 0}>
          Save
        </button>
      </div>
    </form>
  );
}

function changesOf(
  view: PreferencesView | undefined,
  values: Values,
): Readonly<Record<string, string | null>> {
  const changed = (view?.entries ?? []).flatMap(({ key, own = "" }) => {
    const value = values[key]?.trim() ?? "";
    return value === own ? [] : [[key, value === "" ? null : value] as const];
  });
  return Object.fromEntries(changed);
}

function restartWords({ entries }: PreferencesView): string {
  const waiting = entries.filter(({ wantsRestart }) => wantsRestart).map(({ title }) => title);
  return waiting.length === 0 ? "" : `From the next start of Nebula: ${waiting.join(", ")}.`;
}

interface PreferenceProps {
  readonly entry: PreferenceEntry;
  readonly value: string;
  readonly problem: string | undefined;
  readonly onValue: (value: string) => void;
}

function Preference({ entry, value, problem, onValue }: PreferenceProps): JSX.Element {
  const { key, title, meaning, choices, fallback, from, counts } = entry;
  const given = {
    id: `preference-${key}`,
    value,
    "aria-describedby": `preference-${key}-words`,
    "aria-invalid": problem !== undefined,
    onChange: ({ target }: { readonly target: { readonly value: string } }) => onValue(target.value),
  };
  return (
    <div className="preference">
      <label htmlFor={given.id}>{title}</label>
      {choices.length > 0 ? (
        <select className="field choice" {...given}>
          <option value="">default: {fallback}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input className="field" placeholder={`default: ${fallback}`} spellCheck={false} {...given} />
      )}
      <div id={`preference-${key}-words`} className="sub">
        {problem === undefined ? null : (
          <span className="preference-problem" role="alert">
            {title} {problem}.{" "}
          </span>
        )}
        {meaning} <Applies entry={entry} />
        {from === undefined ? null : (
          <span className="overruled">
            {" "}
            {from} says <span className="mono">{counts}</span>, and that counts.
          </span>
        )}
      </div>
    </div>
  );
}

function Applies({ entry: { applies, wantsRestart } }: { readonly entry: PreferenceEntry }): JSX.Element {
  if (wantsRestart) return <b className="restart">Counts when Nebula is started again.</b>;
  switch (applies) {
    case "next run":
      return <>From the next run on.</>;
    case "next start":
      return <>From the next start on.</>;
    case "command line":
      return <>For the command line.</>;
  }
}

const MOTION_WORDS: Readonly<Record<(typeof MOTIONS)[number], string>> = {
  system: "as the system has it",
  full: "things move to their new places",
  reduced: "nothing moves",
};

/** Of this person's windows, and no matter of plush.prefs. */
function Appearance(): JSX.Element {
  const { theme, density, motion } = useStore(settingsStore);
  return (
    <>
      <Choices
        title="Theme"
        name="theme"
        of={THEMES.map((one) => [
          one,
          one === "system" ? "as the system has it" : one === "contrast" ? "high contrast" : one,
        ])}
        chosen={theme}
        onChoose={(next) => settingsStore.setState({ theme: next })}
      />
      <Choices
        title="Density"
        name="density"
        of={DENSITIES.map((one) => [one, one === "normal" ? "normal" : "compact: more rows at once"])}
        chosen={density}
        onChoose={(next) => settingsStore.setState({ density: next })}
      />
      <Choices
        title="Motion"
        name="motion"
        of={MOTIONS.map((one) => [one, MOTION_WORDS[one]])}
        chosen={motion}
        onChoose={(next) => settingsStore.setState({ motion: next })}
      />
    </>
  );
}

interface ChoicesProps<Choice extends string> {
  readonly title: string;
  readonly name: string;
  readonly of: readonly (readonly [Choice, string])[];
  readonly chosen: Choice;
  readonly onChoose: (choice: Choice) => void;
}

function Choices<Choice extends string>(props: ChoicesProps<Choice>): JSX.Element {
  const { title, name, of, chosen, onChoose } = props;
  return (
    <fieldset>
      <legend>{title}</legend>
      {of.map(([choice, words]) => (
        <label key={choice} className="radio">
          <input type="radio" name={name} checked={chosen === choice} onChange={() => onChoose(choice)} />
          {words}
        </label>
      ))}
    </fieldset>
  );
}
