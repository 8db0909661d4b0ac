// The views by their names: in docks, and alone in a window.
import type { JSX } from "react";
import { ApplicationView } from "../application-view/ApplicationView.tsx";
import { HostView } from "../host-view/HostView.tsx";
import { EventsView } from "../output-view/EventsView.tsx";
import { OutputView } from "../output-view/OutputView.tsx";
import { WaitingView } from "../output-view/WaitingView.tsx";
import { ProblemsView } from "../output-view/ProblemsView.tsx";
import { ResourceView } from "../resource-view/ResourceView.tsx";
import { TreeView } from "../tree-view/TreeView.tsx";
import { WorldView } from "../world-view/WorldView.tsx";
import type { ViewId } from "./dock-store.ts";

export const VIEWS: Readonly<Record<ViewId, () => JSX.Element | null>> = {
  world: WorldView,
  application: ApplicationView,
  resource: ResourceView,
  host: HostView,
  overlay: TreeView,
  output: OutputView,
  problems: ProblemsView,
  waiting: WaitingView,
  events: EventsView,
};
