// Saves the chosen hosts as a group of the resource directory: for now, or in its file, which the person has to want.
import { useMemo, useState, type FormEvent, type JSX } from "react";
import { useStore } from "zustand";
import { foldNames } from "#shared/node-set/node-set.ts";
import { whyNoGroupName } from "#shared/resource-directory/add-group.ts";
import { plural, shortSet } from "../marks/words.ts";
import { saveGroup } from "../state/actions.ts";
import { documentsStore } from "../state/documents-store.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { closeDialog } from "./dialog-store.ts";

export function SaveGroup({ hosts }: { readonly hosts: readonly string[] }): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const path = useStore(documentsStore, (state) => state.directory?.path);
  const [name, setName] = useState("");
  const [writes, setWrites] = useState(false);
  const [refusal, setRefusal] = useState<string | undefined>(undefined);
  const groups = useMemo(() => [...new Set(sorted.flatMap((row) => row.host.groups))], [sorted]);
  const wanted = name.trim();
  const reason = wanted === "" ? undefined : whyNoGroupName(wanted);
  const members = sorted.filter((row) => row.host.groups.includes(wanted)).map((row) => row.name);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const refused = await saveGroup(wanted, hosts, writes);
    if (refused === undefined) closeDialog();
    else setRefusal(refused);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <p className="mono set">{shortSet(hosts, 400)}</p>
      <label className="label" htmlFor="group-name">
        Name of the group
      </label>
      <input
        id="group-name"
        className="field mono"
        list="group-names"
        autoComplete="off"
        data-autofocus
        aria-invalid={reason !== undefined}
        value={name}
        onChange={(event) => {
          setName(event.target.value);
          setRefusal(undefined);
        }}
      />
      <datalist id="group-names">
        {groups.map((group) => (
          <option key={group} value={group} />
        ))}
      </datalist>
      <p className="sub" role="status">
        {reason ??
          (members.length === 0
            ? `It can be used at once: @${wanted === "" ? "name" : wanted} in node sets and filters, as a group in specifications.`
            : `@${wanted} has ${plural(members.length, "host")} already (${shortSet(members, 60)}); these are added.`)}
      </p>
      <label className="radio">
        <input type="checkbox" checked={writes} onChange={({ target }) => setWrites(target.checked)} />
        <span>
          Change the file <span className="mono">{path ?? ""}</span> as well. Otherwise the group is there
          until the directory is opened again.
        </span>
      </label>
      {writes && wanted !== "" && reason === undefined ? (
        <pre
          className="set added"
          aria-label="Added to the file"
        >{`<node hostname="${foldNames(hosts)}" group="${wanted}"/>`}</pre>
      ) : null}
      {refusal === undefined ? null : (
        <p className="refusal" role="alert">
          {refusal}
        </p>
      )}
      <div className="dialog-acts">
        <button type="button" className="button" onClick={closeDialog}>
          Cancel
        </button>
        <button type="submit" className="button main" disabled={wanted === "" || reason !== undefined}>
          {writes ? "Save in the file" : "Save for now"}
        </button>
      </div>
    </form>
  );
}
