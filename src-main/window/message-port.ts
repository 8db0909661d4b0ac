// A window's messages over Electron's MessagePort: structured clones, so that bytes of terminals go as they are.
import type { MessagePortMain } from "electron";
import { WINDOW_MESSAGE_BYTES_MAX, type WindowMessage } from "#shared/controller-api/window-messages.ts";
import { PortEnd, type WindowPort } from "../window-session/window-port.ts";
import { fitsWithin } from "./port-message.ts";

export function electronPort(port: MessagePortMain, log: (text: string) => void): WindowPort {
  const end = new PortEnd();
  const close = (): void => {
    if (end.isOver) return;
    port.close();
    end.end();
  };
  port.on("close", () => end.end());
  return {
    send(message) {
      if (!end.isOver) port.postMessage(withOwnBytes(message));
    },
    onMessage(listener) {
      port.on("message", ({ data, ports }) => {
        if (ports.length === 0 && fitsWithin(data, WINDOW_MESSAGE_BYTES_MAX)) return listener(data);
        log("window: a message is too large; its connection is closed");
        close();
      });
      // What has come before anybody listened waits until now.
      port.start();
    },
    onClose: (listener) => end.onClose(listener),
    close,
  };
}

/** A Buffer is often a piece of a larger one, and a clone would take the whole with it: somebody else's bytes. */
function withOwnBytes(message: WindowMessage): WindowMessage {
  if (message.kind !== "terminalData") return message;
  const { bytes } = message;
  return bytes.byteLength === bytes.buffer.byteLength
    ? message
    : { ...message, bytes: Uint8Array.from(bytes) };
}
