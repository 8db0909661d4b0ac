// What a person has chosen of the window itself: theme, layout, and what views remember; found again at the next start.
import { createStore } from "zustand/vanilla";
import type { DetachedTab } from "#shared/controller-api/window-messages.ts";

export const THEMES = ["system", "dark", "light", "contrast"] as const;
export type ThemeChoice = (typeof THEMES)[number];

export const DENSITIES = ["normal", "compact"] as const;
export type Density = (typeof DENSITIES)[number];
export const MOTIONS = ["system", "full", "reduced"] as const;
export type Motion = (typeof MOTIONS)[number];

export interface SettingsState {
  readonly theme: ThemeChoice;
  readonly density: Density;
  readonly motion: Motion;
  /** Tabs that have windows of their own. */
  readonly detached: readonly DetachedTab[];
  /** dockview's own description; undefined = the default layout. */
  readonly layout: unknown;
  /** By view: what it wants to find again. */
  readonly views: Readonly<Record<string, unknown>>;
}

/** Raised when an older text can no longer be read; then a window starts as new. */
const VERSION = 1;

const DEFAULT: SettingsState = {
  theme: "system",
  density: "normal",
  motion: "system",
  detached: [],
  layout: undefined,
  views: {},
};

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
  const { theme, density, motion, detached, layout, views } = value as unknown as Partial<SettingsState>;
  settingsStore.setState({
    theme: THEMES.find((one) => one === theme) ?? DEFAULT.theme,
    density: DENSITIES.find((one) => one === density) ?? DEFAULT.density,
    motion: MOTIONS.find((one) => one === motion) ?? DEFAULT.motion,
    detached: Array.isArray(detached) ? detached : [],
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

const PREFERS_REDUCED = window.matchMedia("(prefers-reduced-motion: reduce)");

/** What is drawn by hand asks; the styles know by themselves. */
export function isMotionReduced(): boolean {
  const { motion } = settingsStore.getState();
  return motion === "system" ? PREFERS_REDUCED.matches : motion === "reduced";
}
