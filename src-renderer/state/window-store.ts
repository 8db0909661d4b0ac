// How the window stands to its controller: welcomed or cut off, asked something, and what it tells the person in passing.
import { createStore } from "zustand/vanilla";
import type { Question } from "#shared/controller-api/questions.ts";
import type { RecentFile, WelcomeUpdate } from "#shared/controller-api/window-messages.ts";

export interface Toast {
  readonly id: number;
  readonly kind: "error" | "note";
  readonly title: string;
  readonly detail: string;
  /** How often the same was said. */
  readonly count: number;
}

export interface WindowStateOfLink {
  readonly welcome: WelcomeUpdate | undefined;
  /** Undefined while the link stands. */
  readonly gone: { readonly reason: string; readonly retryMs: number | undefined } | undefined;
  readonly question: Question | undefined;
  /** What was opened last, the newest first. */
  readonly recent: readonly RecentFile[];
  readonly toasts: readonly Toast[];
}

/** More are not read; all are in the problems or events, too. */
const TOASTS_MAX = 3;

export const windowStore = createStore<WindowStateOfLink>(() => ({
  welcome: undefined,
  gone: undefined,
  question: undefined,
  recent: [],
  toasts: [],
}));

let toastCount = 0;

export function tell(kind: Toast["kind"], title: string, detail = ""): void {
  const { toasts } = windowStore.getState();
  const same = toasts.find((toast) => toast.title === title && toast.detail === detail);
  if (same !== undefined) {
    const again = { ...same, count: same.count + 1 };
    windowStore.setState({ toasts: toasts.map((toast) => (toast === same ? again : toast)) });
    return;
  }
  toastCount += 1;
  const added: Toast = { id: toastCount, kind, title, detail, count: 1 };
  windowStore.setState({ toasts: [...toasts, added].slice(-TOASTS_MAX) });
}

export function dismissToast(id: number): void {
  windowStore.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}
