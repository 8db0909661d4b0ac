// One distinct output in whole, and where it differs from what most hosts have written.
import { IconDownload } from "@tabler/icons-react";
import { diffArrays } from "diff";
import { useMemo, type JSX } from "react";
import { foldNames } from "#shared/node-set/node-set.ts";
import { hostMenu } from "../marks/host-menu.ts";
import { plural } from "../marks/words.ts";
import { selectHosts } from "../state/selection-store.ts";
import { masked, wantedLines, type FoldChoice, type OutputGroup } from "./fold-streams-layout.ts";
import { safeLines } from "./safe-lines.ts";

/** Comparing longer texts takes longer than anybody reads. */
const DIFF_LINES_MAX = 2000;
/** Of all texts together. */
const SHOWN_LINES_MAX = 2000;
/** More are in the export. */
const SHOWN_TEXTS_MAX = 200;

interface GroupDetailProps {
  readonly group: OutputGroup;
  readonly compared: OutputGroup | undefined;
  readonly choice: FoldChoice;
  readonly onExport: () => void;
}

interface DetailLine {
  readonly sign: " " | "+" | "-";
  readonly text: string;
}

interface DetailText {
  readonly hosts: readonly string[];
  readonly cut: number;
  readonly lines: readonly DetailLine[];
}

export function GroupDetail({ group, compared, choice, onExport }: GroupDetailProps): JSX.Element {
  const texts = useMemo(() => detailTexts(group, compared, choice), [group, compared, choice]);
  const isCompared = texts.some(({ lines }) => lines.some(({ sign }) => sign !== " "));
  const hidden = group.texts.length - texts.length;
  return (
    <section className="group-detail" aria-label="One output">
      <header>
        <Hosts hosts={group.hosts} withCount />
        <span className="grow" />
        {group.texts.length > 1 ? (
          <span className="sub" title="Alike but for numbers and host names">
            {group.texts.length} texts
          </span>
        ) : null}
        {isCompared ? <span className="sub">compared with the largest group</span> : null}
        <button type="button" className="button ghost" onClick={onExport}>
          <IconDownload size={14} /> Export
        </button>
      </header>
      <div className="scroll written" tabIndex={0} role="region" aria-label="What was written">
        {texts.map(({ hosts, cut, lines }) => (
          <div key={hosts[0]} className={group.texts.length > 1 ? "whose" : ""}>
            {group.texts.length > 1 ? <Hosts hosts={hosts} /> : null}
            <div>
              {cut > 0 ? (
                <p className="sub">{cut} characters before this are in the results, not here.</p>
              ) : null}
              <pre>
                {lines.map(({ sign, text }, index) => (
                  // Lines have no other name than their number, and are replaced as a whole.
                  <span
                    key={String(index)}
                    className={sign === "+" ? "added" : sign === "-" ? "missing" : ""}
                  >
                    {isCompared ? `${sign} ` : ""}
                    {text}
                    {"\n"}
                  </span>
                ))}
              </pre>
            </div>
          </div>
        ))}
        {hidden > 0 ? (
          <p className="sub">{plural(hidden, "more text")}: all are in what Export saves.</p>
        ) : null}
      </div>
    </section>
  );
}

interface HostsProps {
  readonly hosts: readonly string[];
  readonly withCount?: boolean;
}

function Hosts({ hosts, withCount = false }: HostsProps): JSX.Element {
  return (
    <button
      type="button"
      className="link"
      onClick={() => selectHosts(hosts)}
      title="Select these hosts"
      {...hostMenu(() => hosts)}
    >
      {withCount ? <b>{plural(hosts.length, "host")} </b> : null}
      <span className="mono">{foldNames(hosts)}</span>
    </button>
  );
}

/** What each of the hosts wrote; nobody's words stand for another's. */
function detailTexts(
  { texts }: OutputGroup,
  compared: OutputGroup | undefined,
  choice: FoldChoice,
): readonly DetailText[] {
  const shown = texts.slice(0, SHOWN_TEXTS_MAX);
  const linesMax = Math.ceil(SHOWN_LINES_MAX / shown.length);
  return shown.map(({ hosts, stream }) => {
    const own = wantedLines(stream, choice, safeLines);
    const lines = comparedLines(own, stream.host, compared, choice.masks).slice(-linesMax);
    return { hosts, cut: stream.cut, lines };
  });
}

/** What is masked differs from host to host anyway: it is no difference here either. */
function comparedLines(
  own: readonly string[],
  host: string,
  compared: OutputGroup | undefined,
  masks: boolean,
): readonly DetailLine[] {
  if (compared === undefined || own.length + compared.lines.length > DIFF_LINES_MAX)
    return own.map((text) => ({ sign: " ", text }));
  const other = compared.texts[0]?.hosts[0] ?? "";
  const parts = diffArrays([...compared.lines], [...own], {
    comparator: (left, right) => left === right || (masks && masked(left, other) === masked(right, host)),
  });
  return parts.flatMap(({ value, added, removed }) =>
    value.map((text): DetailLine => ({ sign: added ? "+" : removed ? "-" : " ", text })),
  );
}
