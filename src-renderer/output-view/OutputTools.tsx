// What of the output is shown: folded or host by host, of which run, block, stream and hosts, and which lines.
import type { JSX } from "react";
import type { OutputShown } from "../state/output-shown-store.ts";
import { blockName, type FoldChoice } from "./fold-streams-layout.ts";

interface OutputToolsProps {
  readonly shown: OutputShown;
  readonly onShown: (shown: OutputShown) => void;
  readonly choice: FoldChoice;
  readonly onChange: (part: Partial<FoldChoice>) => void;
  readonly runs: readonly string[];
  readonly blocks: readonly string[];
  readonly onlySelected: boolean;
  readonly onOnlySelected: (only: boolean) => void;
}

export function OutputTools(props: OutputToolsProps): JSX.Element {
  const { shown, onShown, choice, onChange, runs, blocks, onlySelected, onOnlySelected } = props;
  return (
    <div className="toolbar">
      <div className="segments" role="group" aria-label="Shown">
        <button type="button" aria-pressed={shown === "folded"} onClick={() => onShown("folded")}>
          Folded
        </button>
        <button type="button" aria-pressed={shown === "time"} onClick={() => onShown("time")}>
          By time
        </button>
        <button type="button" aria-pressed={shown === "host"} onClick={() => onShown("host")}>
          Per host
        </button>
      </div>
      <select
        className="field choice"
        aria-label="Run"
        value={choice.run}
        onChange={({ target }) => onChange({ run: target.value, block: undefined })}
      >
        {runs.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <select
        className="field choice"
        aria-label="Block"
        value={choice.block ?? ""}
        onChange={({ target }) => onChange({ block: target.value === "" ? undefined : target.value })}
      >
        <option value="">all blocks</option>
        {blocks.map((one) => (
          <option key={one} value={one} title={one}>
            {blockName(one)}
          </option>
        ))}
      </select>
      <select
        className="field choice narrow"
        aria-label="Stream"
        value={choice.stream}
        onChange={({ target }) => onChange({ stream: target.value as FoldChoice["stream"] })}
      >
        <option value="both">out + err</option>
        <option value="stdout">out</option>
        <option value="stderr">err</option>
      </select>
      <input
        className="field"
        type="search"
        placeholder="Lines that contain"
        aria-label="Lines that contain"
        onChange={({ target }) => onChange({ search: target.value.toLowerCase() })}
      />
      <label className="radio">
        <input
          type="checkbox"
          checked={onlySelected}
          onChange={({ target }) => onOnlySelected(target.checked)}
        />
        selected hosts
      </label>
      {shown === "folded" ? (
        <label className="radio" title="Numbers and a host's own name count as equal">
          <input
            type="checkbox"
            checked={choice.masks}
            onChange={({ target }) => onChange({ masks: target.checked })}
          />
          mask numbers
        </label>
      ) : null}
    </div>
  );
}
