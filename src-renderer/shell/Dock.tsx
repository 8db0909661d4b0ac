// The docks: tabs that can be split, moved and closed, and that are found again at the next start.
import { DockviewReact, type DockviewReadyEvent, type IDockviewPanelProps } from "dockview-react";
import { Activity, useEffect, useRef, useState, type FunctionComponent, type JSX } from "react";
import { settingsStore } from "../state/settings-store.ts";
import { TerminalTab } from "../terminal-tab/TerminalTab.tsx";
import { defaultLayout, dockStore } from "./dock-store.ts";
import { followDetached } from "./detach.ts";
import { DockTab } from "./DockTab.tsx";
import { VIEWS } from "./views.ts";

type Panel = FunctionComponent<IDockviewPanelProps>;

/** Views know nothing of docks. One that is hidden keeps what it holds, hears of nothing and costs nothing. */
const plain = (View: () => JSX.Element | null): Panel => {
  const Named: Panel = ({ api }) => {
    const [isVisible, setVisible] = useState(api.isVisible);
    useEffect(() => {
      const listener = api.onDidVisibilityChange((event) => setVisible(event.isVisible));
      setVisible(api.isVisible);
      return () => listener.dispose();
    }, [api]);
    return (
      <Activity mode={isVisible ? "visible" : "hidden"}>
        <View />
      </Activity>
    );
  };
  Named.displayName = View.name;
  return Named;
};

const COMPONENTS: Readonly<Record<string, Panel>> = {
  ...Object.fromEntries(Object.entries(VIEWS).map(([id, View]) => [id, plain(View)])),
  terminal: TerminalPanel,
};

function TerminalPanel({ params, api }: IDockviewPanelProps): JSX.Element {
  const { host, shell } = params as { host: string; shell?: string };
  return <TerminalTab tab={api.id} host={host} shell={shell} onTitle={(title) => api.setTitle(title)} />;
}

/** Dragging a divider tells of each pixel. */
const KEEP_DELAY_MS = 300;

export function Dock(): JSX.Element {
  const stop = useRef<() => void>(undefined);
  useEffect(
    () => () => {
      stop.current?.();
      dockStore.setState({ api: undefined });
    },
    [],
  );
  const ready = ({ api }: DockviewReadyEvent): void => {
    restore(api);
    dockStore.setState({ api });
    const stopFollowing = followDetached();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const listener = api.onDidLayoutChange(() => {
      clearTimeout(timer);
      timer = setTimeout(() => settingsStore.setState({ layout: api.toJSON() }), KEEP_DELAY_MS);
    });
    stop.current = () => {
      clearTimeout(timer);
      stopFollowing();
      listener.dispose();
    };
  };
  return (
    <DockviewReact
      className="dock"
      theme={{ name: "nebula", className: "dockview-theme-nebula" }}
      components={COMPONENTS}
      defaultTabComponent={DockTab}
      onReady={ready}
    />
  );
}

/** A layout of an older build may name views that are no more: then the default one is taken. */
function restore(api: DockviewReadyEvent["api"]): void {
  const { layout } = settingsStore.getState();
  if (layout !== undefined) {
    try {
      api.fromJSON(layout as Parameters<typeof api.fromJSON>[0]);
      if (api.panels.length > 0) return;
    } catch (error) {
      console.warn("the kept layout cannot be used", error);
    }
  }
  defaultLayout(api);
}
