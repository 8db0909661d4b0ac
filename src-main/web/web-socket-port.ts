// A window's messages over a WebSocket: MessagePack, so that bytes of terminals go as they are.
import { Packr, Unpackr } from "msgpackr";
import type { WebSocket } from "ws";
import { PortEnd, type WindowPort } from "../window-session/window-port.ts";

/** No records: their decoder is generated code, which the window's security policy forbids. */
const CODEC = { useRecords: false, int64AsType: "number" } as const;

export function webSocketPort(socket: WebSocket, log: (text: string) => void): WindowPort {
  const packr = new Packr(CODEC);
  const unpackr = new Unpackr(CODEC);
  socket.binaryType = "nodebuffer";
  const end = new PortEnd();
  socket.on("close", () => end.end());
  // A page asks as soon as it is connected, and its session is a moment later there.
  socket.pause();
  socket.on("error", (error) => log(`web: ${error.message}`));
  return {
    send(message) {
      if (socket.readyState === socket.OPEN) socket.send(packr.pack(message));
    },
    onMessage(listener) {
      socket.on("message", (data) => {
        let message: unknown;
        try {
          message = unpackr.unpack(data as Buffer);
        } catch (error) {
          log(`web: a message cannot be read: ${String(error)}`);
          socket.close(1007, "a message cannot be read");
          return;
        }
        listener(message);
      });
      socket.resume();
    },
    onClose: (listener) => end.onClose(listener),
    close(reason) {
      socket.close(1000, reason);
    },
  };
}
