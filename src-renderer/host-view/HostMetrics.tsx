// The metrics of one host: what it says now, and a line of each for the last minutes.
import { useRef, type JSX } from "react";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { metricLines } from "#shared/host-query/metrics-text.ts";
import { HostSparkline } from "../marks/HostSparkline.tsx";
import { useWatchedHosts } from "../marks/use-watched-hosts.ts";

const LINE_PX = 120;

export function HostMetrics({ row }: { readonly row: HostRow }): JSX.Element {
  const { name, host } = row;
  const place = useRef<HTMLDListElement>(null);
  useWatchedHosts([name], place);
  if (host.metrics === undefined) return <p className="sub">None: no client has told any.</p>;
  return (
    <dl ref={place} className="facts metrics">
      {metricLines(host.metrics).map(({ metric, title, text }) => (
        <div key={metric}>
          <dt>{title}</dt>
          <dd>
            <span>{text}</span>
            {/* Disks fill too slowly for a line. */}
            {metric === "disk" ? null : <HostSparkline name={name} metric={metric} width={LINE_PX} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}
