// What hosts have written: identical output once with its hosts, or host by host; the odd ones beside the most common.
import { useEffect, useMemo, useState, type JSX } from "react";
import { useStore } from "zustand";
import { foldNames } from "#shared/node-set/node-set.ts";
import { Empty } from "../marks/Empty.tsx";
import { plural } from "../marks/words.ts";
import { outputStore, type OutputState } from "../state/output-texts-store.ts";
import { outputShownStore } from "../state/output-shown-store.ts";
import { selectionStore } from "../state/selection-store.ts";
import { foldStreams, wantedLines, type FoldChoice, type OutputGroup } from "./fold-streams-layout.ts";
import { GroupDetail } from "./GroupDetail.tsx";
import { GroupRow } from "./GroupRow.tsx";
import { OutputTools } from "./OutputTools.tsx";
import { HostOutput } from "./HostOutput.tsx";
import { safeLines } from "./safe-lines.ts";
import { saveText } from "./save-text.ts";
import { TimeOutput } from "./TimeOutput.tsx";

/** Folding looks at all that was written: often enough to seem live, seldom enough to cost nothing. */
const FOLD_INTERVAL_MS = 250;
/** More distinct outputs are not read one by one; search and filters find the rest. */
const GROUPS_SHOWN_MAX = 500;

export function OutputView(): JSX.Element {
  const { streams } = useThrottled();
  const { shown, onlySelected } = useStore(outputShownStore);
  const [choice, setChoice] = useState<FoldChoice>({
    masks: true,
    stream: "both",
    block: undefined,
    run: undefined,
    search: "",
  });
  const selected = useStore(selectionStore, (state) => state.hosts);
  const wanted = useMemo(
    () => [...streams.values()].filter((stream) => !onlySelected || selected.has(stream.host)),
    [streams, onlySelected, selected],
  );
  const runs = useMemo(() => [...new Set([...streams.values()].map((stream) => stream.run))], [streams]);
  const run = choice.run ?? runs.at(-1);
  const ofRun = useMemo(() => ({ ...choice, run }), [choice, run]);
  const blocks = useMemo(
    () => [...new Set([...streams.values()].filter((one) => one.run === run).map((one) => one.block))],
    [streams, run],
  );
  if (streams.size === 0)
    return (
      <Empty title="No output yet">
        What the hosts print appears here. Equal lines are shown once, with the hosts that printed them.
      </Empty>
    );
  const change = (part: Partial<FoldChoice>): void => setChoice({ ...choice, ...part });
  return (
    <section className="view output-view">
      <OutputTools
        shown={shown}
        onShown={(next) => outputShownStore.setState({ shown: next })}
        choice={ofRun}
        onChange={change}
        runs={runs}
        blocks={blocks}
        onlySelected={onlySelected}
        onOnlySelected={(only) => outputShownStore.setState({ onlySelected: only })}
      />
      {shown === "folded" ? (
        <Folded streams={wanted} choice={ofRun} />
      ) : shown === "time" ? (
        <TimeOutput streams={wanted} choice={ofRun} />
      ) : (
        <HostOutput streams={wanted.filter((one) => one.run === run)} choice={ofRun} />
      )}
    </section>
  );
}

/** The store as it was at most a quarter of a second ago. */
function useThrottled(): OutputState {
  const [state, setState] = useState(outputStore.getState());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const take = (): void => {
      timer = undefined;
      setState(outputStore.getState());
    };
    const stop = outputStore.subscribe(() => {
      timer ??= setTimeout(take, FOLD_INTERVAL_MS);
    });
    take();
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, []);
  return state;
}

interface FoldedProps {
  readonly streams: Parameters<typeof foldStreams>[0];
  readonly choice: FoldChoice;
}

function Folded({ streams, choice }: FoldedProps): JSX.Element {
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const groups = useMemo(() => foldStreams(streams, choice, safeLines), [streams, choice]);
  const [largest] = groups;
  const detail = groups.find((group) => group.key === chosen) ?? largest;
  const hosts = new Set(groups.flatMap((group) => group.hosts));
  return (
    <div className="folded">
      <div className="scroll" role="list" aria-label="Distinct outputs" tabIndex={0}>
        {groups.slice(0, GROUPS_SHOWN_MAX).map((group) => (
          <GroupRow
            key={group.key}
            group={group}
            isChosen={group === detail}
            masks={choice.masks}
            onChoose={() => setChosen(group.key)}
          />
        ))}
        <p className="fold-note">
          {plural(groups.length, "distinct output")} from {plural(hosts.size, "host")}.
          {choice.masks ? " Masked before folding: numbers, host names." : ""}
          {groups.length > GROUPS_SHOWN_MAX ? ` The largest ${String(GROUPS_SHOWN_MAX)} are shown.` : ""}
        </p>
      </div>
      {detail === undefined ? null : (
        <GroupDetail
          group={detail}
          compared={likeIt(detail, groups)}
          choice={choice}
          onExport={() => exportGroups(groups, choice)}
        />
      )}
    </div>
  );
}

/** The largest group of the same process and stream: what most have written. */
function likeIt(group: OutputGroup, groups: readonly OutputGroup[]): OutputGroup | undefined {
  const found = groups.find((one) => one.block === group.block && one.stream === group.stream);
  return found === group ? undefined : found;
}

/** What each host wrote, to the letter: also of those that are alike but for what was masked. */
function exportGroups(groups: readonly OutputGroup[], choice: FoldChoice): void {
  const pieces = groups.flatMap(({ texts, block, stream }) =>
    texts.map(({ hosts, stream: of }) => {
      const head = `--- ${foldNames(hosts)} (${String(hosts.length)}) ${block} ${stream}`;
      return `${head}\n${wantedLines(of, choice, safeLines).join("\n")}\n`;
    }),
  );
  saveText("output.txt", pieces.join("\n"));
}
