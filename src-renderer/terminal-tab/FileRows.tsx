// A directory's files, as many as there are: only those in sight are drawn; worked by mouse and keys.
import { IconFile, IconFileSymlink, IconFolder, IconQuestionMark } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, type JSX, type KeyboardEvent } from "react";
import type { FileEntry, FileList } from "#shared/controller-api/host-files.ts";
import { fileRows, type FileRow } from "./file-rows.ts";

const ROW_PX = 24;
const ICONS = { file: IconFile, directory: IconFolder, link: IconFileSymlink, other: IconQuestionMark };

interface FileRowsProps {
  readonly list: FileList;
  readonly chosen: string | undefined;
  readonly onChoose: (entry: FileEntry) => void;
  readonly onOpen: (entry: FileEntry) => void;
  readonly onAsk: (kind: "rename" | "remove", entry: FileEntry) => void;
}

export function FileRows({ list, chosen, onChoose, onOpen, onAsk }: FileRowsProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => fileRows(list.entries), [list]);
  const shown = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  const at = rows.findIndex(({ entry }) => entry.name === chosen);
  const onKeyDown = (event: KeyboardEvent): void => {
    const entry = rows[at]?.entry;
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 };
    const step = steps[event.key];
    if (step !== undefined) {
      const next = Math.min(Math.max(at + step, 0), rows.length - 1);
      if (rows[next] !== undefined) onChoose(rows[next].entry);
      shown.scrollToIndex(next);
    } else if (entry === undefined) return;
    else if (event.key === "Enter") onOpen(entry);
    else if (event.key === "F2") onAsk("rename", entry);
    else if (event.key === "Delete") onAsk("remove", entry);
    else return;
    event.preventDefault();
  };
  if (rows.length === 0) return <p className="sub file-none">Nothing is in here. Drop files to put them.</p>;
  return (
    <div
      ref={place}
      className="file-rows"
      role="listbox"
      aria-label={`Files in ${list.path}`}
      aria-activedescendant={at < 0 ? undefined : `file-row-${String(at)}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: shown.getTotalSize(), position: "relative" }}>
        {shown.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          return row === undefined ? null : (
            <Row
              key={row.entry.name}
              row={row}
              id={`file-row-${String(index)}`}
              top={start}
              isChosen={index === at}
              onChoose={onChoose}
              onOpen={onOpen}
            />
          );
        })}
      </div>
    </div>
  );
}

interface RowProps extends Pick<FileRowsProps, "onChoose" | "onOpen"> {
  readonly row: FileRow;
  readonly id: string;
  readonly top: number;
  readonly isChosen: boolean;
}

function Row({ row, id, top, isChosen, onChoose, onOpen }: RowProps): JSX.Element {
  const { entry, shown, size, modified } = row;
  const Icon = ICONS[entry.kind];
  return (
    <div
      id={id}
      role="option"
      aria-selected={isChosen}
      className={`file-row ${entry.kind} ${isChosen ? "chosen" : ""}`}
      style={{ transform: `translateY(${String(top)}px)` }}
      onClick={() => onChoose(entry)}
      onDoubleClick={() => onOpen(entry)}
    >
      <Icon size={14} />
      <span className="file-name mono" title={shown} dir="ltr">
        {shown}
      </span>
      <span className="file-size">{size}</span>
      <span className="file-time">{modified}</span>
    </div>
  );
}
