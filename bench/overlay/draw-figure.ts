// A figure as SVG: panels side by side, hosts on the x axis, milliseconds on the y axis, both logarithmic.

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Point {
  readonly hosts: number;
  /** Milliseconds; null: it never came to an end. */
  readonly median: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

export interface Figure {
  readonly title: string;
  readonly axis: string;
  readonly panels: readonly Panel[];
  /** Below it: what was measured where. */
  readonly notes: readonly string[];
}

const PANEL = { width: 430, height: 300, left: 84, top: 46, gap: 30 };
const NOTE_HEIGHT = 15;
/** At the top of each panel, for what never came to an end. */
const NEVER_HEIGHT = 22;
/** Okabe and Ito: told apart by whoever does not see all colours, and each with a mark of its own. */
const STYLES: Readonly<Record<string, { readonly colour: string; readonly mark: string }>> = {
  "rand-tree": { colour: "#0072b2", mark: "circle" },
  star: { colour: "#d55e00", mark: "square" },
  "k-ary": { colour: "#009e73", mark: "triangle" },
  "classic-rand-tree": { colour: "#cc79a7", mark: "diamond" },
};
const OTHER_STYLE = { colour: "#555555", mark: "circle" };

interface Scale {
  readonly low: number;
  readonly high: number;
  at(value: number): number;
}

export function drawFigure({ title, axis, panels, notes }: Figure): string {
  const { width, height, left, top, gap } = PANEL;
  const total = {
    width: panels.length * (left + width + gap),
    height: top + height + 74 + notes.length * NOTE_HEIGHT,
  };
  const values = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.flatMap(valuesOf)));
  const hosts = panels.flatMap(({ lines }) =>
    lines.flatMap(({ points }) => points.map((point) => point.hosts)),
  );
  const y = scale(Math.min(...values), Math.max(...values), height, NEVER_HEIGHT);
  const x = scale(Math.min(...hosts), Math.max(...hosts), 12, width - 12);
  const drawn = panels.map((panel, place) => {
    const offset = left + place * (left + width + gap);
    return `<g transform="translate(${String(offset)},${String(top)})">${drawPanel(panel, x, y)}</g>`;
  });
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const legend = names.map((name, place) => legendOf(name, left + place * 150, top + height + 50));
  const told = notes.map((note, place) =>
    text(left, top + height + 74 + place * NOTE_HEIGHT, note, 'font-size="11" fill="#555"'),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(total.width)} ${String(total.height)}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text(left, 20, title, 'font-size="16" font-weight="600"'),
    `<text transform="translate(16,${String(top + height / 2)}) rotate(-90)" text-anchor="middle">${escape(axis)}</text>`,
    ...drawn,
    ...legend,
    ...told,
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel({ title, lines }: Panel, x: Scale, y: Scale): string {
  const { width, height } = PANEL;
  const parts = [
    `<rect width="${String(width)}" height="${String(height)}" fill="none" stroke="#999"/>`,
    text(0, -8, title, 'font-weight="600"'),
    text(width / 2, height + 34, "hosts", 'text-anchor="middle"'),
  ];
  for (const value of ticks(y)) {
    const at = y.at(value).toFixed(1);
    parts.push(`<line x1="0" x2="${String(width)}" y1="${at}" y2="${at}" stroke="#e4e4e4"/>`);
    parts.push(text(-6, Number(at) + 4, duration(value), 'text-anchor="end"'));
  }
  const sizes = [...new Set(lines.flatMap(({ points }) => points.map(({ hosts }) => hosts)))];
  for (const size of sizes) parts.push(text(x.at(size), height + 16, String(size), 'text-anchor="middle"'));
  for (const line of lines) parts.push(drawLine(line, x, y));
  return parts.join("\n");
}

function drawLine({ name, points }: Line, x: Scale, y: Scale): string {
  const { colour, mark } = STYLES[name] ?? OTHER_STYLE;
  const parts: string[] = [];
  const told = points.filter(({ median }) => median !== null);
  const path = told.map(({ hosts, median }) => `${x.at(hosts).toFixed(1)},${y.at(median ?? 1).toFixed(1)}`);
  parts.push(`<polyline points="${path.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`);
  for (const { hosts, median, low, high } of points) {
    const at = x.at(hosts).toFixed(1);
    if (low !== null && high !== null)
      parts.push(
        `<line x1="${at}" x2="${at}" y1="${y.at(low).toFixed(1)}" y2="${y.at(high).toFixed(1)}" stroke="${colour}" stroke-width="1.2"/>`,
      );
    if (median === null) parts.push(text(Number(at), 14, "never", `text-anchor="middle" fill="${colour}"`));
    else parts.push(markOf(mark, Number(at), y.at(median), colour));
  }
  return parts.join("\n");
}

function legendOf(name: string, x: number, y: number): string {
  const { colour, mark } = STYLES[name] ?? OTHER_STYLE;
  return [
    `<line x1="${String(x)}" x2="${String(x + 24)}" y1="${String(y)}" y2="${String(y)}" stroke="${colour}" stroke-width="2"/>`,
    markOf(mark, x + 12, y, colour),
    text(x + 30, y + 4, name, ""),
  ].join("");
}

function markOf(mark: string, x: number, y: number, colour: string): string {
  const at = (dx: number, dy: number): string => `${(x + dx).toFixed(1)},${(y + dy).toFixed(1)}`;
  if (mark === "circle")
    return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.6" fill="${colour}"/>`;
  const corners: Readonly<Record<string, readonly string[]>> = {
    square: [at(-3.5, -3.5), at(3.5, -3.5), at(3.5, 3.5), at(-3.5, 3.5)],
    triangle: [at(0, -4.5), at(4.2, 3.5), at(-4.2, 3.5)],
    diamond: [at(0, -4.8), at(4.8, 0), at(0, 4.8), at(-4.8, 0)],
  };
  return `<polygon points="${(corners[mark] ?? []).join(" ")}" fill="${colour}"/>`;
}

function valuesOf({ median, low, high }: Point): number[] {
  return [median, low, high].filter((value) => value !== null && value > 0) as number[];
}

function scale(low: number, high: number, from: number, to: number): Scale {
  const least = Math.log10(Math.max(low, 0.1)) - 0.1;
  const most = Math.log10(Math.max(high, low * 2)) + 0.1;
  return {
    low: 10 ** least,
    high: 10 ** most,
    at: (value) => from + ((Math.log10(Math.max(value, 0.1)) - least) / (most - least)) * (to - from),
  };
}

function ticks({ low, high }: Scale): number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1)
    for (const step of [1, 2, 5])
      if (step * 10 ** power >= low && step * 10 ** power <= high) found.push(step * 10 ** power);
  return found.length > 10 ? found.filter((value) => /^1/u.test(value.toPrecision(1))) : found;
}

function duration(ms: number): string {
  return ms >= 1000 ? `${String(ms / 1000)} s` : `${String(Number(ms.toPrecision(2)))} ms`;
}

function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escape(words)}</text>`;
}

function escape(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
