// The controller as simulated hosts see it: frames of its links leave the simulated network as bytes, and come in as such.
import type { LinkId } from "#shared/overlay/overlay.ts";
import { ROOT_RANK } from "#shared/overlay/topology.ts";
import { FrameDecoder } from "#shared/protocol/frame-decoder.ts";
import type { FromSimulated } from "#shared/protocol/simulation-words.ts";
import type { WireCodec } from "#shared/protocol/wire.ts";
import type { ConnectedProgram, VirtualConnection } from "#shared/simulator/virtual-connection.ts";
import type { VirtualTime } from "#shared/simulator/virtual-time.ts";
import { frameBytes } from "./frame-bytes.ts";
import type { SimulatedHost } from "./simulated-host.ts";

export interface ControllerEndParts {
  readonly codec: WireCodec<unknown>;
  readonly time: VirtualTime;
  readonly isBulk: (frame: unknown) => boolean;
  readonly say: (message: FromSimulated) => void;
}

interface OpenLink {
  readonly connection: VirtualConnection<unknown>;
  readonly decoder: FrameDecoder<unknown>;
}

export class ControllerEnd implements ConnectedProgram<unknown> {
  readonly place = 0;
  readonly rank = ROOT_RANK;
  readonly isDead = false;
  readonly #parts: ControllerEndParts;
  readonly #links = new Map<LinkId, OpenLink>();
  #lastLink = 0;

  constructor(parts: ControllerEndParts) {
    this.#parts = parts;
  }

  newLink(): LinkId {
    this.#lastLink += 1;
    return this.#lastLink;
  }

  dialled(connection: VirtualConnection<unknown>, link: LinkId, by: SimulatedHost): void {
    this.#links.set(link, { connection, decoder: new FrameDecoder(this.#parts.codec) });
    const { host, incarnation } = by;
    this.#parts.say({ kind: "dialled", link, host, incarnation });
  }

  frameArrived(link: LinkId, frame: unknown): void {
    if (!this.#links.has(link)) return;
    this.#parts.say({ kind: "bytes", link, bytes: this.#parts.codec.encodeFrame(frame) });
  }

  linkLost(link: LinkId): void {
    if (this.#links.delete(link)) this.#parts.say({ kind: "closed", link });
  }

  /** From the controller itself. */
  bytes(link: LinkId, bytes: Uint8Array): void {
    const open = this.#links.get(link);
    if (open === undefined) return;
    const { frames, malformed } = open.decoder.push(bytes);
    const { time, isBulk } = this.#parts;
    for (const frame of frames)
      open.connection.send(1, frame, {
        bytes: frameBytes(frame),
        at: time.now,
        bulk: isBulk(frame),
      });
    if (malformed === undefined) return;
    this.#links.delete(link);
    open.connection.close(1, `malformed: ${malformed}`, time.now);
    this.#parts.say({ kind: "closed", link });
  }

  closed(link: LinkId): void {
    const open = this.#links.get(link);
    this.#links.delete(link);
    open?.connection.close(1, "the controller closed the link", this.#parts.time.now);
  }
}
