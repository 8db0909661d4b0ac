// Reads how hosts want to be reached by SSH, of a resource manager and of a node in it: what transport, which policy.
import { readChoice } from "../application/element-reader.ts";
import type { ProblemList } from "../application/problem-list.ts";
import { attributeOf, type XmlElement } from "../application/xml-document.ts";
import {
  HOST_KEY_POLICIES,
  SSH_TRANSPORTS,
  type HostKeyPolicy,
  type SshTransportName,
} from "./resource-directory.ts";

/** Undefined: nobody has said anything here. */
export interface SshWay {
  readonly transport: SshTransportName | undefined;
  readonly hostKeyPolicy: HostKeyPolicy | undefined;
}

export const NO_SSH_WAY: SshWay = { transport: undefined, hostKeyPolicy: undefined };

/** What the element says; what it leaves open is as `around` has it. */
export function readSshWay(
  element: XmlElement,
  managerType: string,
  around: SshWay,
  problems: ProblemList,
): SshWay {
  const present = ["transport", "host_key_policy"].flatMap((name) => attributeOf(element, name) ?? []);
  if (managerType !== "ssh") {
    for (const { name, nameSpan } of present)
      problems.warning(nameSpan.start, `${name} has an effect on hosts of type ssh only`, "Delete it.");
    return NO_SSH_WAY;
  }
  const transport = readChoice(element, "transport", SSH_TRANSPORTS, around.transport, problems);
  const hostKeyPolicy = readChoice(element, "host_key_policy", HOST_KEY_POLICIES, undefined, problems);
  if (hostKeyPolicy === "no") {
    const offset = attributeOf(element, "host_key_policy")?.valueSpan.start ?? element.span.start;
    problems.warning(
      offset,
      "with host_key_policy 'no' whoever stands on the way can take a host's place",
      "Write accept-new, which accepts unknown keys and refuses changed ones.",
    );
  }
  return {
    transport,
    hostKeyPolicy: hostKeyPolicy ?? around.hostKeyPolicy,
  };
}
