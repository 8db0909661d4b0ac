// The whole window: menus, run bar, docks, selection bar, status bar, and what floats above them.
import { MantineProvider } from "@mantine/core";
import { useEffect, useLayoutEffect, type JSX } from "react";
import { useStore } from "zustand";
import { documentsStore, fileNameOf } from "../state/documents-store.ts";
import { windowStore } from "../state/window-store.ts";
import { AloneTab } from "./AloneTab.tsx";
import { Dialogs } from "./Dialogs.tsx";
import { Dock } from "./Dock.tsx";
import { listenForDrops } from "./file-drops.ts";
import { GoneBanner } from "./GoneBanner.tsx";
import { HostMenu } from "./HostMenu.tsx";
import { listenForKeys } from "./keys.ts";
import { MenuBar } from "./MenuBar.tsx";
import { QuestionDialog } from "./QuestionDialog.tsx";
import { RunBar } from "./RunBar.tsx";
import { SelectionBar } from "./SelectionBar.tsx";
import { StatusBar } from "./StatusBar.tsx";
import { Toasts } from "./Toasts.tsx";
import { MANTINE_THEME, mantineVariables, useTheme } from "./theme.ts";

export function App(): JSX.Element {
  const theme = useTheme();
  const welcome = useStore(windowStore, (state) => state.welcome);
  // With the first picture, not after it: who sees the window may press a key.
  useLayoutEffect(() => listenForKeys(), []);
  useLayoutEffect(() => listenForDrops(), []);
  return (
    <MantineProvider
      theme={MANTINE_THEME}
      cssVariablesResolver={mantineVariables}
      forceColorScheme={theme === "light" ? "light" : "dark"}
    >
      {welcome?.shows === undefined ? (
        <div className="window">
          <Title />
          <MenuBar />
          <RunBar />
          <GoneBanner />
          <main className="dock-place">
            {welcome === undefined ? <Welcoming /> : <Dock key={welcome.program} />}
          </main>
          <SelectionBar />
          <StatusBar />
        </div>
      ) : (
        <div className="window">
          <GoneBanner />
          <AloneTab tab={welcome.shows} />
          <SelectionBar />
        </div>
      )}
      <Toasts />
      <HostMenu />
      <Dialogs />
      <QuestionDialog />
    </MantineProvider>
  );
}

/** The system shows it in the title bar, browsers in the tab. */
function Title(): null {
  const application = useStore(documentsStore, (state) => state.application);
  useEffect(() => {
    document.title = `Nebula - ${application === undefined ? "no application" : fileNameOf(application.path)}`;
  }, [application]);
  return null;
}

function Welcoming(): JSX.Element {
  return (
    <div className="empty" role="status">
      <h2>Connecting to the controller</h2>
      <p>The window shows what the controller tells it; it answers at once when it is there.</p>
    </div>
  );
}
