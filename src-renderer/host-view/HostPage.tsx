// One host: what it does and why, its way to the root, its processes, what happened on it, and what to do with it.
import { IconSquareX, IconTerminal, IconX } from "@tabler/icons-react";
import type { JSX } from "react";
import { useStore } from "zustand";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { useNow } from "../marks/use-now.ts";
import { clockText, dayTimeText } from "../marks/words.ts";
import { requestTerminal, requestFail } from "../state/requests.ts";
import { ancestorsOf, ROOT_NAME } from "#shared/host-query/host-facts.ts";
import { eventsStore, type TimedEvent } from "../state/events-store.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { rttText } from "#shared/host-query/metrics-text.ts";
import { HostMetrics } from "./HostMetrics.tsx";
import { setCurrentHost } from "../state/selection-store.ts";
import { eventText } from "../state/event-text.ts";

/** A screenful; all are in the events view. */
const EVENTS_SHOWN_MAX = 40;

interface HostPageProps {
  readonly row: HostRow;
  readonly onClose: () => void;
}

export function HostPage({ row, onClose }: HostPageProps): JSX.Element {
  const { host, member, name, mark } = row;
  const now = useNow();
  return (
    <aside className="host-page" aria-label={`Host ${name}`}>
      <header>
        <StateGlyph mark={mark} size={16} />
        <h2 className="lead mono">{name}</h2>
        <span style={{ color: `var(--ink-${mark})` }}>
          {mark}
          {host.since === 0 ? "" : ` for ${clockText(now - host.since)}`}
        </span>
        <span className="grow" />
        <button type="button" className="icon-button" aria-label="Close the host's page" onClick={onClose}>
          <IconX size={15} />
        </button>
      </header>
      <p className="mono sub">{host.address}</p>
      <div className="acts">
        <button type="button" className="button" onClick={() => requestTerminal(name)}>
          <IconTerminal size={14} /> Open terminal
        </button>
        <button type="button" className="button danger" onClick={() => requestFail([name])}>
          <IconSquareX size={14} /> Fail...
        </button>
      </div>
      {host.reason === "" ? null : <p className={`note ${mark}`}>{host.reason}</p>}
      <h3>Path to the root</h3>
      {member === undefined ? <p className="sub">It is not in the overlay.</p> : <Path row={row} />}
      <h3>Metrics</h3>
      <HostMetrics row={row} />
      <h3>Processes</h3>
      <Processes row={row} />
      <h3>Facts</h3>
      <Facts row={row} />
      <h3>Events</h3>
      <Events name={name} />
    </aside>
  );
}

function Path({ row }: { readonly row: HostRow }): JSX.Element {
  const rows = useStore(hostsStore, (state) => state.rows);
  const way = [...ancestorsOf(row, rows).toReversed(), row.name];
  return (
    <ol className="path">
      {way.map((name, depth) => {
        const one = rows.get(name);
        const rttMs = one?.host.metrics?.rttMs;
        return (
          <li key={name}>
            {one === undefined ? <span className="root-ring" /> : <StateGlyph mark={one.mark} />}
            {one === undefined || name === row.name ? (
              <span className="mono">{name}</span>
            ) : (
              <button type="button" className="link mono" onClick={() => setCurrentHost(name)}>
                {name}
              </button>
            )}
            <span className="sub">
              {name === ROOT_NAME
                ? "here"
                : [one?.host.site, `depth ${String(depth)}`].filter(Boolean).join(", ")}
            </span>
            {rttMs === undefined ? null : (
              <span className="hop numbers" title="From here to the line above and back">
                {rttText(rttMs)}
              </span>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function Processes({ row }: { readonly row: HostRow }): JSX.Element {
  const { processes } = row.host;
  if (processes.length === 0) return <p className="sub">None.</p>;
  return (
    <dl className="facts">
      {processes.map(({ process, block, pid, state }) => (
        <div key={`${block}/${process}/${String(pid)}`}>
          <dt>{process}</dt>
          <dd>
            {state}, <span className="mono">pid {pid}</span> <span className="sub">{block}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Facts({ row }: { readonly row: HostRow }): JSX.Element {
  const { host, member } = row;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Component", row.component],
    ["Groups", host.groups.join(", ") || undefined],
    ["Site", host.site],
    ["Reached by", host.managerType === "simulated" ? "simulated: there is no machine" : host.managerType],
    [
      "Client",
      host.client === undefined ? undefined : `pid ${String(host.client.pid)}, Node ${host.client.node}`,
    ],
    ["Platform", host.client?.platform],
    ["Folder", host.client?.directory],
    ["Incarnation", member === undefined ? undefined : String(member.incarnation)],
    ["Commands on their way", member === undefined ? undefined : String(member.pendingCommands)],
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={name === "Folder" ? "mono" : undefined}>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Events({ name }: { readonly name: string }): JSX.Element {
  const events = useStore(eventsStore, (state) => state.events);
  const own = events.filter((event) => isOf(event, name)).slice(-EVENTS_SHOWN_MAX);
  if (own.length === 0) return <p className="sub">None yet.</p>;
  return (
    <ol className="host-events">
      {own.toReversed().map((event, index) => (
        <li key={`${event.time}-${String(own.length - index)}`}>
          <time className="mono sub">{dayTimeText(Date.parse(event.time))}</time>{" "}
          <span>{eventText(event)}</span>
        </li>
      ))}
    </ol>
  );
}

function isOf(event: TimedEvent, name: string): boolean {
  return "host" in event && event.host === name;
}
