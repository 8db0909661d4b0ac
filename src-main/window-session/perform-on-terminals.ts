// What a window asks of terminals, handed to its pool of them.
import type { AnyWindowRequest } from "./check-window-request.ts";
import type { TerminalPool } from "./terminal-pool.ts";

type TerminalRequest = Extract<AnyWindowRequest, { readonly name: `${string}Terminal` }>;

export function performOnTerminals(terminals: TerminalPool, request: TerminalRequest): unknown {
  switch (request.name) {
    case "openTerminal":
      return terminals.open(request.arguments);
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
