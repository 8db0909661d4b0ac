// Which of the raw data goes into which figure.
import { COSTS } from "./contestants.ts";
import type { RawData } from "./raw-data.ts";
import type { Sample } from "./simulated-sample.ts";
import { drawFigure, type Line } from "./draw-figure.ts";
import { groupBy, spreadOf } from "./statistics.ts";

type Measure =
  | "buildMs"
  | "deliveredMs"
  | "acknowledgedMs"
  | "killedMs"
  | "silentMs"
  | "rootCpuMs"
  | "rootBytes";

const NETWORKS: Readonly<Record<string, string>> = {
  lan: "simulated LAN (0.1 to 0.2 ms, 1 Gb/s)",
  wan: "simulated WAN (1 to 80 ms one way, 100 Mb/s)",
  computer: "simulated, one computer with 2 processors",
  loopback: "real processes, TLS 1.3, one computer",
};

/** "200 seeds up to 100 hosts, 12 for 1000". */
function seedsText(samples: readonly Sample[]): string {
  const simulated = samples.filter(({ source }) => source === "simulated");
  const sizes = [...groupBy(simulated, ({ hosts }) => String(hosts))].map(
    ([hosts, group]) => [Number(hosts), new Set(group.map(({ seed }) => seed)).size] as const,
  );
  const most = Math.max(0, ...sizes.map(([, seeds]) => seeds));
  const all = sizes.filter(([, seeds]) => seeds === most).map(([hosts]) => hosts);
  const fewer = sizes.filter(([, seeds]) => seeds < most);
  const upTo = `${String(most)} seeds up to ${String(Math.max(0, ...all))} hosts`;
  return [upTo, ...fewer.map(([hosts, seeds]) => `${String(seeds)} for ${String(hosts)}`)].join(", ");
}

/** By name, as SVG; undefined where nothing of it was measured. */
export function drawFigures(raw: RawData): Readonly<Record<string, string | undefined>> {
  const { samples, origins } = raw;
  const notes = [
    `Median and p99; simulated with ${seedsText(samples)}. Clients start within 1 s. Commits: ${commitsText(raw)}.`,
    `Measured on ${[...new Set(origins.map(({ machine }) => machine))].join("; ")}; simulated costs: ${costsText()}.`,
    "On one computer all hosts share its processors; LAN and WAN give each host one of its own.",
    "The plotted values of the original figures (LASCO 2008) are not available.",
  ];
  const figure = (title: string, axis: string, measure: Measure): string | undefined => {
    const panels = panelsOf(samples, measure);
    return panels.length === 0 ? undefined : drawFigure({ title, axis, panels, notes });
  };
  return {
    "overlay-construction": figure("Overlay construction", "until the root has all hosts", "buildMs"),
    "overlay-propagation": figure("Propagation of a 1 KB command", "until all have it", "deliveredMs"),
    "overlay-acknowledged": figure(
      "A 1 KB command, acknowledged by all",
      "until the root knows",
      "acknowledgedMs",
    ),
    "overlay-reconfiguration": figure(
      "Reconfiguration after an interior host was killed",
      "until all others are attached",
      "killedMs",
    ),
    "overlay-reconfiguration-silent": figure(
      "Reconfiguration after an interior host fell silent",
      "until all others are attached",
      "silentMs",
    ),
    "overlay-root-load": figure(
      "The controller's processor time for a 1 KB command",
      "milliseconds",
      "rootCpuMs",
    ),
  };
}

/** "131c423 (2026-11-25)", of whatever is in the figures. */
function commitsText({ origins }: RawData): string {
  return origins.map(({ commit, date }) => `${commit} (${date})`).join(", ");
}

function costsText(): string {
  const { frameInMs, frameOutMs, acceptMs, wakeMs, firstDialMs } = COSTS.costs;
  const told = {
    "frame in": frameInMs,
    "frame out": frameOutMs,
    handshake: acceptMs,
    "a client's first dial": firstDialMs,
    "wake-up": wakeMs,
  };
  return Object.entries(told)
    .map(([name, ms]) => `${name} ${String(ms)} ms`)
    .join(", ");
}

function panelsOf(samples: readonly Sample[], measure: Measure): { title: string; lines: Line[] }[] {
  const measured = samples.filter((sample) => sample[measure] !== undefined);
  const places = Object.keys(NETWORKS);
  const networks = [...groupBy(measured, ({ network }) => network)].sort(
    ([one], [other]) => places.indexOf(one) - places.indexOf(other),
  );
  return networks.map(([network, there]) => ({
    title: NETWORKS[network] ?? network,
    lines: [...groupBy(there, ({ topology }) => topology)].map(([name, own]) => ({
      name,
      points: [...groupBy(own, ({ hosts }) => String(hosts))]
        .map(([hosts, group]) => {
          const spread = spreadOf(group.map((sample) => sample[measure]));
          return { hosts: Number(hosts), median: spread.median, low: spread.min, high: spread.p99 };
        })
        .sort((a, b) => a.hosts - b.hosts),
    })),
  }));
}
