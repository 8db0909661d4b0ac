// The way between one window and the controller, whatever carries it: a MessagePort in Electron, a WebSocket in a browser.
import type { WindowMessage } from "#shared/controller-api/window-messages.ts";

export interface WindowPort {
  send(message: WindowMessage): void;
  /** What comes is not checked yet. Once; what has come before waits until then. */
  onMessage(listener: (message: unknown) => void): void;
  /** Also when it is closed already: whoever listens is told. */
  onClose(listener: () => void): void;
  close(reason: string): void;
}

/** Tells once that a port is closed, and whoever asks later, too. */
export class PortEnd {
  #isOver = false;
  #listeners: readonly (() => void)[] = [];

  get isOver(): boolean {
    return this.#isOver;
  }

  onClose(listener: () => void): void {
    if (this.#isOver) queueMicrotask(listener);
    else this.#listeners = [...this.#listeners, listener];
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const listener of this.#listeners) listener();
  }
}
