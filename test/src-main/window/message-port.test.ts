// A page's port: that it is closed is told once, by whichever end, and to whoever listens later.
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { electronPort } from "../../../src-main/window/message-port.ts";

class FakePort extends EventEmitter {
  readonly sent: unknown[] = [];
  start(): void {
    this.emit("started");
  }
  postMessage(message: unknown): void {
    this.sent.push(message);
  }
  close(): void {
    this.emit("close");
  }
}

test.each([
  ["by the page", (fake: FakePort) => void fake.emit("close")],
  ["by us", (_fake: FakePort, close: () => void) => close()],
])("a port that was closed %s before its session was there ends that session", async (_by, end) => {
  const fake = new FakePort();
  const port = electronPort(fake, () => undefined);
  let early = 0;
  port.onClose(() => (early += 1));
  end(fake, () => port.close("the page was loaded anew"));
  port.close("again");
  expect(early).toBe(1);
  await new Promise<void>((resolve) => port.onClose(resolve));
  port.send({ kind: "answer", id: 1, value: null });
  expect(fake.sent).toEqual([]);
});
