// A tab's head: its title, and a cross for the pointer; by the keyboard the tab itself closes with Delete.
import { IconX } from "@tabler/icons-react";
import type { IDockviewPanelHeaderProps } from "dockview-react";
import { useStore } from "zustand";
import { countText } from "../marks/words.ts";
import { documentProblems, documentsStore } from "../state/documents-store.ts";
import { eventsStore } from "../state/events-store.ts";
import { useEffect, useState, type JSX, type MouseEvent } from "react";

const MIDDLE_BUTTON = 1;

export function DockTab({ api }: IDockviewPanelHeaderProps): JSX.Element {
  const [title, setTitle] = useState(api.title);
  useEffect(() => {
    const listener = api.onDidTitleChange((event) => setTitle(event.title));
    return () => listener.dispose();
  }, [api]);
  const close = (event: MouseEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    api.close();
  };
  return (
    <div
      className="dock-tab"
      onAuxClick={(event) => {
        if (event.button === MIDDLE_BUTTON) close(event);
      }}
    >
      <span>{title}</span>
      <Count of={api.id} />
      {/* No button: a tab is one control, and whoever reads it aloud must not find another one inside. */}
      <span
        className="dock-tab-close"
        aria-hidden="true"
        title="Close (Delete)"
        onPointerDown={(event) => event.preventDefault()}
        onClick={close}
      >
        <IconX size={12} />
      </span>
    </div>
  );
}

/** What has come together behind the tab; the problems' is not to be missed. */
function Count({ of }: { readonly of: string }): JSX.Element | null {
  const ofRuns = useStore(eventsStore, (state) => state.problems.length);
  const ofDocuments = documentProblems(useStore(documentsStore)).length;
  const events = useStore(eventsStore, (state) => state.events.length);
  const count = of === "problems" ? ofRuns + ofDocuments : of === "events" ? events : 0;
  if (count === 0) return null;
  // Drawn by the styles: the tab's name for those who hear it is its title, and stays that.
  return <span className={`dock-tab-count ${of}`} aria-hidden="true" data-count={countText(count)} />;
}
