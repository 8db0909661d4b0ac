// What the window tells in passing, bottom right: notes leave by themselves, errors stay.
import { IconAlertOctagonFilled, IconInfoCircle, IconX } from "@tabler/icons-react";
import { useEffect, type JSX } from "react";
import { useStore } from "zustand";
import { dismissToast, windowStore, type Toast } from "../state/window-store.ts";

const NOTE_MS = 8000;

export function Toasts(): JSX.Element {
  const toasts = useStore(windowStore, (state) => state.toasts);
  return (
    <div className="toasts" aria-live="polite">
      {toasts.map((toast) => (
        <OneToast key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function OneToast({ toast }: { readonly toast: Toast }): JSX.Element {
  const { id, kind, title, detail, count } = toast;
  useEffect(() => {
    if (kind === "error") return undefined;
    const timer = setTimeout(() => dismissToast(id), NOTE_MS);
    return () => clearTimeout(timer);
  }, [id, kind, count]);
  return (
    <div className={`toast ${kind}`} role={kind === "error" ? "alert" : "status"}>
      {kind === "error" ? <IconAlertOctagonFilled size={16} /> : <IconInfoCircle size={16} />}
      <div>
        <b>
          {title}
          {count > 1 ? ` (${String(count)} times)` : ""}
        </b>
        {detail === "" ? null : <p>{detail}</p>}
      </div>
      <button type="button" className="icon-button" aria-label="Close" onClick={() => dismissToast(id)}>
        <IconX size={14} />
      </button>
    </div>
  );
}
