// One line for each kind of event, in the words of the command line. Pure.
import type { TimedEvent } from "./events-store.ts";

export function eventText(event: TimedEvent): string {
  switch (event.event) {
    case "run":
      return [`run ${event.run} is ${event.state}`, event.reason].filter(Boolean).join(": ");
    case "matching":
      return `${event.component}: ${String(event.count)} hosts, ${event.hosts}`;
    case "host":
      return [`${event.host} is ${event.state}`, event.step, event.reason].filter(Boolean).join(": ");
    case "deploying":
      return `${event.host}: ${event.doing} ${event.what}`;
    case "software":
      return [`${event.host}: ${event.software} is ${event.state}`, event.step, event.reason]
        .filter(Boolean)
        .join(": ");
    case "stage":
      return `${event.component}: ${event.stage}, ${String(event.done)} of ${String(event.total)}`;
    case "process":
      return processText(event);
    case "barrier":
      return [
        `${event.barrier} ${event.state === "reached" ? `reached by ${event.host ?? "a host"}` : event.state}`,
        `${String(event.arrived)} of ${String(event.max)}`,
        event.reason,
      ]
        .filter(Boolean)
        .join(", ");
    case "block":
      return [`${event.host}: ${event.block} ${event.outcome}`, event.reason].filter(Boolean).join(": ");
    case "replaced":
      return `${event.host} is replaced by ${event.by ?? "nobody"}: ${event.reason}`;
    case "collected":
      return `${event.host}: ${event.file}, ${String(event.size)} bytes`;
    case "problem":
      return [event.hosts, event.step, event.message, event.remedy].filter(Boolean).join(": ");
    case "waiting":
      return `waiting for ${event.for}: ${event.hosts}`;
  }
}

function processText(event: Extract<TimedEvent, { event: "process" }>): string {
  const { host, process, state, pid, exit, reason } = event;
  const words = state === "notStarted" ? "was not started" : state === "started" ? "has started" : state;
  const status =
    exit === undefined
      ? ""
      : exit.status === null || exit.status === undefined
        ? `by ${String(exit.signal ?? exit.cause)}`
        : `with status ${String(exit.status)}`;
  const process_ = pid === undefined ? process : `${process} (pid ${String(pid)})`;
  return [`${host}: ${process_} ${words} ${status}`.trim(), reason].filter(Boolean).join(": ");
}
