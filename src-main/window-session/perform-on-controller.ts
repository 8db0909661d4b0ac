// What a window asks of runs, clients and host keys, handed to the controller.
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { AnyWindowRequest } from "./check-window-request.ts";

type RequestOf<Name> = Extract<AnyWindowRequest, { readonly name: Name }>;
type RunRequest = RequestOf<
  | "startRun"
  | "startCommand"
  | "endRun"
  | "failHosts"
  | "force"
  | "connect"
  | "disconnect"
  | "runWaits"
  | "runSpans"
  | "answer"
>;
type HostKeyRequest = RequestOf<"readHostKeys" | "decideHostKeys" | "replaceHostKey">;

export function performOnRuns(api: ControllerApi, request: RunRequest): unknown {
  switch (request.name) {
    case "startRun":
      return api.startRun(request.arguments);
    case "startCommand":
      return api.startCommand(request.arguments);
    case "endRun":
      return api.endRun(request.arguments.run, request.arguments.cause, request.arguments.reason);
    case "failHosts":
      return request.arguments.hosts.map((host) => api.failHost(host, request.arguments.reason));
    case "force":
      return api.force(request.arguments.run, request.arguments.name);
    case "connect":
      return api.connect(request.arguments.hosts, { fanout: request.arguments.fanout });
    case "disconnect":
      return api.disconnect(request.arguments.hosts, { keep: false });
    case "runWaits":
      return api.waits(request.arguments.run);
    case "runSpans":
      return api.spans(request.arguments.run);
    case "answer":
      return api.answer(request.arguments.question, request.arguments.answer);
  }
}

export function performOnHostKeys(api: ControllerApi, request: HostKeyRequest): unknown {
  switch (request.name) {
    case "readHostKeys":
      return api.hostKeys();
    case "decideHostKeys":
      return api.decideHostKeys(request.arguments.decision, request.arguments.keys);
    case "replaceHostKey":
      return api.replaceHostKey(request.arguments.review);
  }
}
