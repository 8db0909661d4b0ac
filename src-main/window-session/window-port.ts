// The way between one window and the controller, whatever carries it: a MessagePort in Electron, a WebSocket in a browser.
import type { WindowMessage } from "#shared/controller-api/window-messages.ts";

export interface WindowPort {
  send(message: WindowMessage): void;
  /** What comes is not checked yet. */
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  close(reason: string): void;
}
