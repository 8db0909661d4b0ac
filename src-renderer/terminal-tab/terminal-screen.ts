// The terminal's screen: xterm.js with what a host may not do switched off, drawn by the graphics card while in focus.
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebglAddon } from "@xterm/addon-webgl";
import { Terminal } from "@xterm/xterm";
import { FocusedRenderer } from "./focused-renderer.ts";
import { TERMINAL_THEME } from "./terminal-theme.ts";

export interface TerminalScreen {
  readonly terminal: Terminal;
  readonly fit: FitAddon;
  readonly search: SearchAddon;
  dispose(): void;
}

const SCROLLBACK_LINES = 10_000;

/** One for the page: contexts are the page's. */
const focusedRenderer = new FocusedRenderer<Terminal>((terminal) => {
  if (!hasGraphicsCard()) throw new Error("no graphics card");
  const addon = new WebglAddon();
  terminal.loadAddon(addon);
  return addon;
});

/** Those that are programs: browsers do not always own up to a caveat. */
const BY_PROCESSOR = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** WebGL that the processor must do is slower than none. */
function hasGraphicsCard(): boolean {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (context === null) return false;
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const name = String(context.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return !BY_PROCESSOR.test(name);
}

/**
 * Whatever a host sends shows, and does nothing: titles, sizes and the clipboard are not its business (xterm.js leaves
 * them alone unless told otherwise), and links are words. Without a handler of ours links would be followed.
 */
export function openScreen(element: HTMLElement): TerminalScreen {
  const terminal = new Terminal({
    cursorBlink: true,
    fontFamily: getComputedStyle(element).getPropertyValue("--mono"),
    fontSize: 12,
    scrollback: SCROLLBACK_LINES,
    theme: TERMINAL_THEME,
    linkHandler: { activate: () => undefined },
  });
  const [fit, search] = [new FitAddon(), new SearchAddon()];
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.open(element);
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== "keydown" || !event.ctrlKey || !event.shiftKey || event.code !== "KeyC") return true;
    event.preventDefault();
    if (terminal.hasSelection()) void navigator.clipboard.writeText(terminal.getSelection());
    return false;
  });
  const onFocus = (): void => focusedRenderer.focused(terminal);
  terminal.textarea?.addEventListener("focus", onFocus);
  return {
    terminal,
    fit,
    search,
    dispose() {
      terminal.textarea?.removeEventListener("focus", onFocus);
      focusedRenderer.gone(terminal);
      terminal.dispose();
    },
  };
}

/** CAN ends a sequence that was cut off. */
const CANCEL = "\u0018";
/** DECSTR: margins, attributes, keypad; it leaves the text alone, and the mouse to us. */
const SOFT_RESET = "\u001b[!p\u001b[?25h";
const NO_MOUSE_NO_PASTE = [1000, 1002, 1003, 1004, 1006, 2004]
  .map((mode) => `\u001b[?${String(mode)}l`)
  .join("");
/** Where it is not on, this would put the cursor elsewhere. */
const LEAVE_OTHER_SCREEN = "\u001b[?1049l";

/** What a lost shell's program had set is undone, what it had printed stays, and a line says what has happened. */
export function writeLoss(terminal: Terminal, text: string): void {
  terminal.write(CANCEL, () => {
    const { type } = terminal.buffer.active;
    terminal.write(
      `${type === "alternate" ? LEAVE_OTHER_SCREEN : ""}${SOFT_RESET}${NO_MOUSE_NO_PASTE}`,
      () => {
        if (terminal.buffer.active.cursorX > 0) terminal.write("\r\n");
        writeMark(terminal, text);
      },
    );
  });
}

/** A line of ours between the host's. */
export function writeMark(terminal: Terminal, text: string): void {
  terminal.write(`\u001b[2m── ${text} ──\u001b[0m\r\n`);
}
