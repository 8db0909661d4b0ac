// A host as every view shows it.
import type { WindowHost, WindowMember } from "../controller-api/window-messages.ts";
import type { HostMark } from "./host-mark.ts";

/** What every view shows of a host. The same object for as long as nothing of it has changed. */
export interface HostRow {
  readonly name: string;
  readonly mark: HostMark;
  readonly host: WindowHost;
  /** In the run that goes on, or in the last one. */
  readonly component: string | undefined;
  readonly member: WindowMember | undefined;
}
