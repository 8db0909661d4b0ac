// One tab alone in a window: the view or the terminal, and the way back into the docks, which closing is.
import { IconLayoutBoardSplit } from "@tabler/icons-react";
import { useEffect, useState, type JSX } from "react";
import type { DetachedTab } from "#shared/controller-api/window-messages.ts";
import { wantPast } from "../state/other-windows.ts";
import { TerminalTab } from "../terminal-tab/TerminalTab.tsx";
import { VIEW_IDS } from "./dock-store.ts";
import { VIEWS } from "./views.ts";

export function AloneTab({ tab }: { readonly tab: DetachedTab }): JSX.Element {
  const [title, setTitle] = useState(tab.title);
  useEffect(() => {
    document.title = `Nebula - ${title}`;
  }, [title]);
  useEffect(wantPast, []);
  return (
    <>
      <header className="menu-bar alone-bar">
        <b>{title}</b>
        <span className="grow" />
        <button type="button" className="button ghost" onClick={() => window.close()}>
          <IconLayoutBoardSplit size={14} /> Back into the window
        </button>
      </header>
      <main className="dock-place">
        <Content tab={tab} onTitle={setTitle} />
      </main>
    </>
  );
}

interface ContentProps {
  readonly tab: DetachedTab;
  readonly onTitle: (title: string) => void;
}

function Content({ tab, onTitle }: ContentProps): JSX.Element | null {
  const { component, host, shell } = tab;
  if (component === "terminal" && host !== undefined)
    return <TerminalTab tab="alone" host={host} shell={shell} onTitle={onTitle} />;
  const id = VIEW_IDS.find((one) => one === component);
  if (id === undefined) return <p>There is no view called {component}.</p>;
  const View = VIEWS[id];
  return <View />;
}
