// Said across the window while the controller cannot be reached: what is shown below is what was known last.
import type { JSX } from "react";
import { useStore } from "zustand";
import { windowStore } from "../state/window-store.ts";

export function GoneBanner(): JSX.Element | null {
  const gone = useStore(windowStore, (state) => state.gone);
  if (gone === undefined) return null;
  return (
    <div className="gone" role="alert">
      <b>The controller is gone: {gone.reason}.</b> What is shown is what was known last.{" "}
      {gone.retryMs === undefined ? "Start Nebula again." : "It is tried again every few seconds."}
    </div>
  );
}
