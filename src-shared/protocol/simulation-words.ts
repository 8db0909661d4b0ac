// What the controller and its thread of simulated hosts say to each other: hosts to start, and the bytes of links to it.
import type { HostId } from "../base/ids.ts";
import type { LinkId } from "../overlay/overlay.ts";
import type { ClientCredentials, TlsCredentials } from "./credentials.ts";

export interface SimulatedStart {
  /** Who it is comes with the link itself, which never leaves this program: there is no certificate. */
  readonly credentials: Omit<ClientCredentials, keyof TlsCredentials>;
  readonly address: string;
  readonly site: string;
  /** Degrees; undefined on a network without distances. */
  readonly place: { readonly latitude: number; readonly longitude: number } | undefined;
  /** Hosts of one manager fail together so many times in an hour. */
  readonly simulation: {
    readonly manager: number;
    readonly seed: number;
    readonly failuresPerHour: number;
  };
}

/** Many in one message: what is said in one turn. */
export type ToSimulated =
  | { readonly kind: "start"; readonly start: SimulatedStart }
  /** By force, as if its machine were taken away. */
  | { readonly kind: "end"; readonly host: HostId; readonly incarnation: number }
  | { readonly kind: "bytes"; readonly link: LinkId; readonly bytes: Uint8Array }
  | { readonly kind: "closed"; readonly link: LinkId };

export type FromSimulated =
  | { readonly kind: "started"; readonly host: HostId; readonly incarnation: number }
  /** A host has dialled the controller. */
  | {
      readonly kind: "dialled";
      readonly link: LinkId;
      readonly host: HostId;
      readonly incarnation: number;
    }
  | { readonly kind: "bytes"; readonly link: LinkId; readonly bytes: Uint8Array }
  /** The last bytes for this link were read: the next may come. */
  | { readonly kind: "taken"; readonly link: LinkId }
  | { readonly kind: "closed"; readonly link: LinkId }
  | {
      readonly kind: "ended";
      readonly host: HostId;
      readonly incarnation: number;
      readonly how: string;
    };
