// The ports that one window has opened to its hosts: listed, told about, gone with it.
import type { ForwardResult, ForwardTarget, PortForward } from "#shared/controller-api/host-files.ts";
import type { OpenedForward, WindowUpdate } from "#shared/controller-api/window-messages.ts";

const FORWARDS_MAX = 32;

export class ForwardPool {
  readonly #open: (host: string, target: ForwardTarget) => Promise<ForwardResult>;
  readonly #send: (update: WindowUpdate) => void;
  readonly #forwards = new Map<number, PortForward>();
  #count = 0;
  #opening = 0;
  #closed = false;

  constructor(
    open: (host: string, target: ForwardTarget) => Promise<ForwardResult>,
    send: (update: WindowUpdate) => void,
  ) {
    this.#open = open;
    this.#send = send;
  }

  async open({ host, address, port }: { readonly host: string } & ForwardTarget): Promise<OpenedForward> {
    if (this.#forwards.size + this.#opening >= FORWARDS_MAX) {
      const reason = `${String(FORWARDS_MAX)} ports are open already`;
      return { kind: "refused", reason, remedy: "Close some of them first.", mayRetry: false };
    }
    this.#opening += 1;
    const opened = await this.#open(host, { address, port }).finally(() => {
      this.#opening -= 1;
    });
    if (opened.kind === "failed") {
      const { step, reason, remedy, unreachable } = opened;
      return { kind: "refused", reason: `${step}: ${reason}`, remedy, mayRetry: unreachable };
    }
    const { forward } = opened;
    if (this.#closed) {
      forward.close();
      return { kind: "refused", reason: "the window is gone", remedy: "", mayRetry: false };
    }
    this.#count += 1;
    const id = this.#count;
    this.#forwards.set(id, forward);
    forward.onChange(({ connections, problem }) => {
      if (this.#forwards.has(id)) this.#send({ kind: "forward", forward: id, connections, problem });
    });
    void forward.closed.then((reason) => {
      if (this.#forwards.delete(id)) this.#send({ kind: "forwardClosed", forward: id, reason });
    });
    return { kind: "opened", forward: id, localPort: forward.localPort };
  }

  closeOne(id: number): null {
    const forward = this.#forwards.get(id);
    this.#forwards.delete(id);
    forward?.close();
    return null;
  }

  close(): void {
    this.#closed = true;
    for (const id of [...this.#forwards.keys()]) this.closeOne(id);
  }
}
