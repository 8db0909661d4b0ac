// The only file that knows how the controller is reached: by a MessagePort in Electron, by a WebSocket in a browser.
import { Packr, Unpackr } from "msgpackr/index-no-eval";
import type {
  WindowMessage,
  WindowRequestName,
  WindowRequests,
  WindowUpdate,
} from "#shared/controller-api/window-messages.ts";

export interface ControllerLink {
  ask<Name extends WindowRequestName>(
    name: Name,
    given: WindowRequests[Name]["arguments"],
  ): Promise<WindowRequests[Name]["answer"]>;
}

export interface LinkListener {
  update(update: WindowUpdate): void;
  /** The controller is gone, or cannot be reached; tried again after `retryMs`, or never (undefined). */
  gone(reason: string, retryMs: number | undefined): void;
}

/** The codec of src-main/web: without records, whose decoder is generated code. */
const CODEC = { useRecords: false, int64AsType: "number" } as const;
const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 10_000;

export function connectController(listener: LinkListener): ControllerLink {
  return location.protocol === "app:" ? overPort(listener) : overWebSocket(listener);
}

/** Requests that wait for their answers, by number. */
class Waiting {
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #count = 0;

  add(send: (id: number) => void): Promise<unknown> {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      send(id);
    });
  }

  /** True when the message was an answer. */
  take(message: WindowMessage): message is Extract<WindowMessage, { id: number }> {
    if (message.kind !== "answer" && message.kind !== "refusal") return false;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === "answer") waiting?.resolve(message.value);
    else waiting?.reject(new Error(message.message));
    return true;
  }

  fail(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }
}

function linkOf(waiting: Waiting, send: (message: unknown) => void): ControllerLink {
  return {
    ask: <Name extends WindowRequestName>(name: Name, given: WindowRequests[Name]["arguments"]) =>
      waiting.add((id) => {
        send({ kind: "request", id, name, arguments: given });
      }) as Promise<WindowRequests[Name]["answer"]>,
  };
}

/** The preload script hands the port over once the page has loaded. */
function overPort(listener: LinkListener): ControllerLink {
  const waiting = new Waiting();
  const early: unknown[] = [];
  let port: MessagePort | undefined;
  window.addEventListener("message", (event) => {
    if (event.source !== window || event.data !== "nebula-port") return;
    const [given] = event.ports;
    if (given === undefined) return;
    port?.close();
    port = given;
    given.addEventListener("message", ({ data }: MessageEvent<WindowMessage>) => {
      if (!waiting.take(data)) listener.update(data);
    });
    given.start();
    for (const message of early.splice(0)) given.postMessage(message);
  });
  return linkOf(waiting, (message) => {
    if (port === undefined) early.push(message);
    else port.postMessage(message);
  });
}

function overWebSocket(listener: LinkListener): ControllerLink {
  const waiting = new Waiting();
  const packr = new Packr(CODEC);
  const unpackr = new Unpackr(CODEC);
  /** What a quick person asks while the connection is being made. */
  const early: unknown[] = [];
  let socket: WebSocket | undefined;
  let retryMs = RETRY_MS_FIRST;
  const open = (): void => {
    // With its question mark: it says which tab a window shows alone.
    const address = new URL(location.search === "" ? "./" : location.search, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => early.splice(0).forEach(send));
    socket.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer>) => {
      retryMs = RETRY_MS_FIRST;
      const message = unpackr.unpack(new Uint8Array(data)) as WindowMessage;
      if (!waiting.take(message)) listener.update(message);
    });
    socket.addEventListener("close", ({ reason }) => {
      const words = reason === "" ? "the controller does not answer" : reason;
      early.length = 0;
      waiting.fail(words);
      listener.gone(words, retryMs);
      setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    });
  };
  const send = (message: unknown): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(new Uint8Array(packr.pack(message)));
    else if (socket?.readyState === WebSocket.CONNECTING) early.push(message);
    else waiting.fail("the controller does not answer");
  };
  open();
  return linkOf(waiting, send);
}
