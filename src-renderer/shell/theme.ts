// Dark, light and high contrast: which one is shown, and how the kit's own controls take our colours.
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";
import { useEffect, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { settingsStore } from "../state/settings-store.ts";

export type Theme = "dark" | "light" | "contrast";

const PREFERS_LIGHT = window.matchMedia("(prefers-color-scheme: light)");
const PREFERS_CONTRAST = window.matchMedia("(prefers-contrast: more)");

function systemTheme(): Theme {
  if (PREFERS_CONTRAST.matches) return "contrast";
  return PREFERS_LIGHT.matches ? "light" : "dark";
}

function onSystemTheme(listener: () => void): () => void {
  const queries = [PREFERS_LIGHT, PREFERS_CONTRAST];
  for (const query of queries) query.addEventListener("change", listener);
  return () => {
    for (const query of queries) query.removeEventListener("change", listener);
  };
}

/** Also sets it on the page, where the tokens hang; density and motion beside it. */
export function useTheme(): Theme {
  const { theme: choice, density, motion } = useStore(settingsStore);
  useEffect(() => {
    Object.assign(document.documentElement.dataset, { density, motion });
  }, [density, motion]);
  const system = useSyncExternalStore(onSystemTheme, systemTheme);
  const theme = choice === "system" ? system : choice;
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return theme;
}

const VIOLET: MantineColorsTuple = [
  "#f1effe",
  "#dedafb",
  "#c7bfff",
  "#b0a8ff",
  "#ada5ff",
  "#8f84f5",
  "#7467f0",
  "#6357e0",
  "#5b4fd6",
  "#4b3fc4",
];

export const MANTINE_THEME = createTheme({
  primaryColor: "violet",
  primaryShade: 7,
  colors: { violet: VIOLET },
  defaultRadius: 4,
  fontFamily: "var(--ui)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "11px", sm: "12px", md: "13px", lg: "15px", xl: "20px" },
});

const OURS = {
  "--mantine-color-body": "var(--panel)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--text-2)",
  "--mantine-color-default": "var(--raised)",
  "--mantine-color-default-hover": "var(--hover)",
  "--mantine-color-default-border": "var(--line-strong)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-placeholder": "var(--text-3)",
  "--mantine-color-error": "var(--ink-failed)",
};

export const mantineVariables: CSSVariablesResolver = () => ({ variables: {}, light: OURS, dark: OURS });
