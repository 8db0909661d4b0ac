// Ports of a host on this computer's loopback: opened, listed, shown in the browser, closed.
import { IconCopy, IconExternalLink, IconX } from "@tabler/icons-react";
import { useState, type FormEvent, type JSX } from "react";
import { useStore } from "zustand";
import { plural } from "../marks/words.ts";
import { addressOf, closeForward, forwardsStore, openForward, type Forward } from "./forwards-store.ts";

const PORT_MAX = 65_535;

export function PortPanel({ host }: { readonly host: string }): JSX.Element {
  const forwards = useStore(forwardsStore, (state) => state.forwards);
  const [address, setAddress] = useState("127.0.0.1");
  const [port, setPort] = useState("");
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const number = Number(port);
  const isPort = /^\d+$/.test(port) && number > 0 && number <= PORT_MAX;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isPort || isBusy) return;
    setBusy(true);
    void openForward(host, address.trim(), number).then((words) => {
      setBusy(false);
      setProblem(words);
      if (words === undefined) setPort("");
    });
  };
  return (
    <section className="side-panel" aria-label={`Ports of ${host}`}>
      <form className="port-form" onSubmit={submit}>
        <label className="label">
          Address, as {host} sees it
          <input className="field mono" value={address} onChange={({ target }) => setAddress(target.value)} />
        </label>
        <label className="label">
          Port
          <input
            className="field mono"
            inputMode="numeric"
            placeholder="8080"
            value={port}
            onChange={({ target }) => setPort(target.value)}
          />
        </label>
        <button type="submit" className="button main" disabled={!isPort || isBusy}>
          Open
        </button>
      </form>
      {problem === undefined ? null : (
        <p className="note failed" role="alert">
          {problem}
        </p>
      )}
      {forwards.length === 0 ? (
        <p className="sub">
          A port of this host, or of what it can reach, becomes one of this computer: only programs here can
          use it, and it closes with the window.
        </p>
      ) : (
        <ul className="forwards">
          {forwards.map((forward) => (
            <ForwardLine key={forward.forward} forward={forward} />
          ))}
        </ul>
      )}
    </section>
  );
}

function ForwardLine({ forward }: { readonly forward: Forward }): JSX.Element {
  const url = addressOf(forward);
  const there = `${forward.host}, ${forward.address}:${String(forward.port)}`;
  return (
    <li>
      <div className="forward-head">
        <span className="mono">{url}</span>
        <span className="grow" />
        <button
          type="button"
          className="icon-button"
          aria-label={`Open ${url} in the browser`}
          title="Open in the browser"
          onClick={() => window.open(url, "_blank", "noopener")}
        >
          <IconExternalLink size={14} />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={`Copy ${url}`}
          title="Copy the address"
          onClick={() => void navigator.clipboard.writeText(url)}
        >
          <IconCopy size={14} />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={`Close the port to ${there}`}
          title="Close"
          onClick={() => closeForward(forward.forward)}
        >
          <IconX size={14} />
        </button>
      </div>
      <p className="sub">
        <span className="mono">{there}</span>, {plural(forward.connections, "connection")}
      </p>
      {forward.problem === undefined ? null : <p className="note failed">{forward.problem}</p>}
    </li>
  );
}
