// Which hosts there are and which are in use: by component, then the candidates, with a test of what stands in the way.
import { IconPlugConnected } from "@tabler/icons-react";
import { useEffect, useMemo, useState, type JSX } from "react";
import { useStore } from "zustand";
import type { HostTest } from "#shared/controller-api/host-tests.ts";
import { foldNames, parseNodeSet } from "#shared/node-set/node-set.ts";
import { Empty } from "../marks/Empty.tsx";
import { hostMenu } from "../marks/host-menu.ts";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { countText, plural, shortSet } from "../marks/words.ts";
import { HostKeys } from "./HostKeys.tsx";
import { act, followHostTests } from "../state/controller-updates.ts";
import { documentsStore, fileNameOf } from "../state/documents-store.ts";
import { eventsStore } from "../state/events-store.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { requestOpen, requestTerminal } from "../state/requests.ts";
import { runsStore } from "../state/runs-store.ts";
import { selectHosts, selectionStore, setCurrentHost } from "../state/selection-store.ts";

/** Hosts shown of one group; the Host View shows all. */
const SHOWN_MAX = 200;
const TEST_FANOUT = 64;

export function ResourceView(): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const directory = useStore(documentsStore, (state) => state.directory);
  const run = useStore(runsStore, (state) => state.current);
  const events = useStore(eventsStore, (state) => state.events);
  const left = useMemo(
    () => events.flatMap((event) => (event.event === "replaced" && event.run === run?.run ? [event] : [])),
    [events, run?.run],
  );
  const leftNames = new Set(left.map((event) => event.host));
  const components = [...new Set(sorted.flatMap((row) => row.component ?? []))];
  const candidates = sorted.filter((row) => row.component === undefined && !leftNames.has(row.name));
  if (sorted.length === 0)
    return (
      <Empty
        title="No hosts"
        acts={
          <button type="button" className="button main" onClick={() => requestOpen("directory")}>
            Open resource directory...
          </button>
        }
      >
        A resource directory says which hosts there are, in which groups, and how they are reached.
      </Empty>
    );
  return (
    <section className="view">
      <div className="toolbar">
        <span className="sub">
          {directory === undefined ? "" : `${fileNameOf(directory.path)}: `}
          {plural(sorted.length, "host")}
        </span>
        <span className="grow" />
        <TestButton />
      </div>
      <div className="scroll resources" tabIndex={0} role="region" aria-label="Resources">
        <TestResults />
        <HostKeys />
        {left.length === 0 ? null : (
          <section>
            <h3>Left {countText(left.length)}</h3>
            {left.map(({ host, by, reason, time }) => (
              <p key={`${host}-${time}`} className="left-host">
                <StateGlyph mark="failed" /> <span className="mono">{host}</span> ({reason}){" "}
                {by === null ? "nobody took its place" : <span className="mono">→ {by}</span>}
              </p>
            ))}
          </section>
        )}
        {components.map((name) => (
          <Hosts
            key={name}
            title={name}
            rows={sorted.filter((row) => row.component === name)}
            wanted={run?.components.find((one) => one.name === name)?.wanted.max}
          />
        ))}
        <Hosts
          title={components.length === 0 ? "Hosts" : "Candidates"}
          rows={candidates}
          wanted={undefined}
        />
        <Groups rows={sorted} />
      </div>
    </section>
  );
}

interface HostsProps {
  readonly title: string;
  readonly rows: readonly HostRow[];
  readonly wanted: number | undefined;
}

function Hosts({ title, rows, wanted }: HostsProps): JSX.Element | null {
  const { hosts, current } = useStore(selectionStore);
  if (rows.length === 0) return null;
  return (
    <section>
      <h3>
        <button
          type="button"
          className="link heading"
          onClick={() => selectHosts(rows.map((row) => row.name))}
          {...hostMenu(() => rows.map((row) => row.name))}
        >
          {title}
        </button>{" "}
        <span className="badge">
          {wanted === undefined ? countText(rows.length) : `${String(rows.length)}/${String(wanted)}`}
        </span>{" "}
        <span className="mono sub">{shortSet(rows.map((row) => row.name))}</span>
      </h3>
      <ul className="host-chips">
        {rows.slice(0, SHOWN_MAX).map(({ name, mark, host }) => (
          <li key={name}>
            <button
              type="button"
              className={`${hosts.has(name) ? "chosen" : ""} ${current === name ? "current" : ""}`}
              title={[`${name} is ${mark}`, host.reason, host.groups.join(", ")].filter(Boolean).join("; ")}
              onClick={() => setCurrentHost(name)}
              onDoubleClick={() => requestTerminal(name)}
              {...hostMenu(() => [name])}
            >
              <StateGlyph mark={mark} size={12} /> <span className="mono">{name}</span>
              <span style={{ color: `var(--ink-${mark})` }}>{mark}</span>
            </button>
          </li>
        ))}
        {rows.length > SHOWN_MAX ? (
          <li className="sub">and {countText(rows.length - SHOWN_MAX)} more</li>
        ) : null}
      </ul>
    </section>
  );
}

function Groups({ rows }: { readonly rows: readonly HostRow[] }): JSX.Element | null {
  const groups = new Map<string, string[]>();
  for (const { name, host } of rows)
    for (const group of host.groups) groups.set(group, [...(groups.get(group) ?? []), name]);
  if (groups.size === 0) return null;
  return (
    <section>
      <h3>Groups</h3>
      <dl className="facts">
        {[...groups].map(([group, names]) => (
          <div key={group}>
            <dt>
              <button
                type="button"
                className="link"
                onClick={() => selectHosts(names)}
                {...hostMenu(() => names)}
              >
                @{group}
              </button>
            </dt>
            <dd>
              {plural(names.length, "host")} <span className="mono sub">{foldNames(names)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function TestButton(): JSX.Element {
  const selected = useStore(selectionStore, (state) => state.hosts);
  const [isTesting, setTesting] = useState(false);
  const start = (): void => {
    setTesting(true);
    testResults.clear();
    tellListeners();
    const hosts = selected.size === 0 ? undefined : foldNames(selected);
    const given = {
      fanout: TEST_FANOUT,
      hosts,
      group: undefined,
      exclude: undefined,
      users: [],
      components: true,
      // Forty questions one after the other help nobody: the list has them all.
      newKeys: "list" as const,
    };
    act("testHosts", given, () => setTesting(false));
  };
  return (
    <button type="button" className="button" disabled={isTesting} onClick={start}>
      <IconPlugConnected size={14} />{" "}
      {isTesting
        ? "Testing"
        : selected.size === 0
          ? "Test connectivity"
          : `Test ${plural(selected.size, "host")}`}
    </button>
  );
}

const testResults = new Map<string, HostTest>();
const listeners = new Set<() => void>();

function tellListeners(): void {
  for (const listener of listeners) listener();
}

followHostTests(({ test }) => {
  testResults.set(test.host, test);
  tellListeners();
});

/** The same finding on several hosts is one line. */
function TestResults(): JSX.Element | null {
  const [, setVersion] = useState(0);
  useEffect(() => {
    const listener = (): void => setVersion((version) => version + 1);
    listeners.add(listener);
    // Some may have come while the view was hidden.
    listener();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  if (testResults.size === 0) return null;
  const groups = new Map<string, { check: HostTest["checks"][number]; hosts: string[] }>();
  let well = 0;
  for (const { host, checks } of testResults.values()) {
    const bad = checks.filter((check) => check.outcome !== "ok");
    if (bad.length === 0) well += 1;
    for (const check of bad) {
      const key = JSON.stringify([check.step, check.outcome, check.detail]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { check, hosts: [host] });
      else group.hosts.push(host);
    }
  }
  return (
    <section className="test-results" aria-label="Connectivity">
      <h3>Connectivity</h3>
      <p>
        <StateGlyph mark="finished" /> {well} of {plural(testResults.size, "host")} can be used.
      </p>
      {[...groups].map(([key, { check, hosts }]) => (
        <p key={key}>
          <StateGlyph mark={check.outcome === "failed" ? "failed" : "orphaned"} />
          <span>
            <b>{check.step}</b>: <span className="mono">{check.detail}</span>{" "}
            <button
              type="button"
              className="link mono"
              onClick={() => choose(foldNames(hosts))}
              {...hostMenu(() => hosts)}
            >
              {plural(hosts.length, "host")}: {shortSet(hosts)}
            </button>{" "}
            <span className="sub">{check.remedy}</span>
          </span>
        </p>
      ))}
    </section>
  );
}

function choose(folded: string): void {
  const parsed = parseNodeSet(folded);
  if (parsed.kind === "ok") selectHosts(parsed.set.names());
}
