// Files on their way from and to a host: how far each is, and what became of it.
import { IconDownload, IconUpload, IconX } from "@tabler/icons-react";
import type { JSX } from "react";
import { sizeText } from "./file-rows.ts";
import type { Transfer } from "./host-files-store.ts";

interface TransferListProps {
  readonly transfers: readonly Transfer[];
  readonly onCancel: (transfer: number) => void;
  readonly onForget: () => void;
}

export function TransferList({ transfers, onCancel, onForget }: TransferListProps): JSX.Element | null {
  if (transfers.length === 0) return null;
  return (
    <div className="transfers">
      <ul aria-label="Files on their way">
        {transfers.map((transfer) => (
          <li key={transfer.transfer}>
            {transfer.direction === "get" ? <IconDownload size={13} /> : <IconUpload size={13} />}
            <span className="file-name mono">{transfer.name}</span>
            <span className={`transfer-words ${transfer.end?.kind ?? ""}`}>{wordsOf(transfer)}</span>
            {transfer.end === undefined ? (
              <button
                type="button"
                className="icon-button"
                aria-label={`Cancel ${transfer.name}`}
                title="Cancel"
                onClick={() => onCancel(transfer.transfer)}
              >
                <IconX size={13} />
              </button>
            ) : null}
            {transfer.end === undefined && transfer.size !== undefined ? (
              <progress
                max={transfer.size}
                value={transfer.bytes}
                aria-label={`How far ${transfer.name} is`}
              />
            ) : null}
          </li>
        ))}
      </ul>
      {transfers.some(({ end }) => end !== undefined) ? (
        <button type="button" className="link" onClick={onForget}>
          Clear
        </button>
      ) : null}
    </div>
  );
}

function wordsOf({ bytes, size, end }: Transfer): string {
  switch (end?.kind) {
    case undefined:
      return size === undefined ? sizeText(bytes) : `${sizeText(bytes)} of ${sizeText(size)}`;
    case "done":
      return `done, ${sizeText(bytes)}`;
    case "cancelled":
      return "cancelled";
    case "failed":
      return end?.kind === "failed" ? `failed: ${end.reason}` : "failed";
  }
}
