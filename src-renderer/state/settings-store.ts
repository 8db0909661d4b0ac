// What a person has chosen of the window itself: theme, layout, and what views remember; found again at the next start.
import { createStore } from "zustand/vanilla";

export const THEMES = ["system", "dark", "light", "contrast"] as const;
export type ThemeChoice = (typeof THEMES)[number];

export interface SettingsState {
  readonly theme: ThemeChoice;
  /** dockview's own description; undefined = the default layout. */
  readonly layout: unknown;
  /** By view: what it wants to find again. */
  readonly views: Readonly<Record<string, unknown>>;
}

/** Raised when an older text can no longer be read; then a window starts as new. */
const VERSION = 1;

const DEFAULT: SettingsState = { theme: "system", layout: undefined, views: {} };

export const settingsStore = createStore<SettingsState>(() => DEFAULT);

export function takeWindowState(text: string | null): void {
  if (text === null) return;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Written by somebody else, or cut off: the window starts as new.
    return;
  }
  if (typeof value !== "object" || value === null || !("version" in value) || value.version !== VERSION)
    return;
  const { theme, layout, views } = value as unknown as Partial<SettingsState>;
  settingsStore.setState({
    theme: THEMES.find((one) => one === theme) ?? DEFAULT.theme,
    layout,
    views: typeof views === "object" ? views : {},
  });
}

export function windowStateText(): string {
  return JSON.stringify({ version: VERSION, ...settingsStore.getState() });
}

export function keepViewSetting(view: string, setting: unknown): void {
  settingsStore.setState(({ views }) => ({ views: { ...views, [view]: setting } }));
}
