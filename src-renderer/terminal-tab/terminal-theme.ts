// The terminal's own colours: dark in every theme, for programs choose theirs for a dark ground.
import type { ITheme } from "@xterm/xterm";

export const TERMINAL_THEME: ITheme = {
  background: "#0c0f14",
  foreground: "#d5dbe4",
  cursor: "#d5dbe4",
  selectionBackground: "#6357e0aa",
  black: "#1a2029",
  red: "#ff8170",
  green: "#57cc99",
  yellow: "#f0d94e",
  blue: "#82a9f6",
  magenta: "#e794c4",
  cyan: "#5fc9d6",
  white: "#d5dbe4",
  brightBlack: "#95a1b1",
  brightRed: "#ff9d8f",
  brightGreen: "#7adbb0",
  brightYellow: "#f6e684",
  brightBlue: "#a5c1fa",
  brightMagenta: "#f0b3d6",
  brightCyan: "#88dae4",
  brightWhite: "#ffffff",
};
