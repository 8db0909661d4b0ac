// The field for filters of hosts: what is wrong is underlined and said, and the last good filter goes on meanwhile.
import { IconFilter, IconX } from "@tabler/icons-react";
import { useMemo, useRef, type JSX } from "react";
import { parseHostQuery, type HostQuery } from "#shared/host-query/host-query.ts";

interface QueryFieldProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  /** What is said at the right: `12 of 240 hosts`. */
  readonly found: string;
}

const ALL: HostQuery = () => true;

/** The filter of the text, or the last one that could be read. */
export function useHostQuery(text: string): HostQuery {
  const last = useRef(ALL);
  return useMemo(() => {
    const result = parseHostQuery(text);
    if (result.kind === "ok") last.current = result.query;
    return last.current;
  }, [text]);
}

export function QueryField({ text, onText, found }: QueryFieldProps): JSX.Element {
  const result = useMemo(() => parseHostQuery(text), [text]);
  const error = result.kind === "error" ? result : undefined;
  return (
    <div className={`query ${error === undefined ? "" : "wrong"}`}>
      <IconFilter size={14} aria-hidden="true" />
      <input
        type="search"
        className="mono"
        aria-label="Filter hosts"
        aria-invalid={error !== undefined}
        placeholder="state:failed AND (site:ucsd OR depth>2) NOT @spare"
        spellCheck={false}
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onText("");
        }}
      />
      {error === undefined ? (
        <span className="sub">{found}</span>
      ) : (
        <span className="query-error" role="alert">
          <span className="mono">{text.slice(error.offset, error.end) || "…"}</span> {error.message}
        </span>
      )}
      {text === "" ? null : (
        <button
          type="button"
          className="icon-button"
          aria-label="Clear the filter"
          onClick={() => onText("")}
        >
          <IconX size={14} />
        </button>
      )}
    </div>
  );
}
