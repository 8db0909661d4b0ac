// What a window asks of terminals, handed to its pool of them.
import type { OpenedTerminal } from "#shared/controller-api/window-messages.ts";
import type { AnyWindowRequest } from "./check-window-request.ts";
import type { DetachedTabs } from "./detached-tabs.ts";
import type { TerminalPool } from "./terminal-pool.ts";

type TerminalRequest = Extract<AnyWindowRequest, { readonly name: `${string}Terminal` }>;

const SHELL_GONE: OpenedTerminal = {
  kind: "refused",
  reason: "the shell is gone",
  remedy: "",
  mayRetry: false,
};

export function performOnTerminals(
  terminals: TerminalPool,
  tabs: DetachedTabs,
  request: TerminalRequest,
): unknown {
  switch (request.name) {
    case "openTerminal":
      return terminals.open(request.arguments);
    case "adoptTerminal": {
      const { shell, columns, rows } = request.arguments;
      const moved = tabs.take(shell);
      return moved === undefined ? SHELL_GONE : terminals.adopt(moved, columns, rows);
    }
    case "writeTerminal":
      return terminals.write(request.arguments.terminal, request.arguments.bytes);
    case "resizeTerminal": {
      const { terminal, columns, rows } = request.arguments;
      return terminals.resize(terminal, columns, rows);
    }
    case "seenTerminal":
      return terminals.seen(request.arguments.terminal, request.arguments.bytes);
    case "closeTerminal":
      return terminals.closeOne(request.arguments.terminal);
  }
}
