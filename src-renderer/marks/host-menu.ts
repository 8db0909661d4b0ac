// Gives whatever shows hosts their menu: by the right button, by Shift+F10 and by the menu key.
import type { MouseEvent } from "react";
import { openHostMenu } from "../state/host-menu-store.ts";

interface WithMenu {
  readonly onContextMenu: (event: MouseEvent<HTMLElement>) => void;
}

/** `names` is asked only when the menu is opened. What lies inside may have one of its own, which then counts. */
export function hostMenu(names: () => readonly string[]): WithMenu {
  return {
    onContextMenu(event) {
      if (event.defaultPrevented) return;
      const found = names();
      if (found.length === 0) return;
      event.preventDefault();
      const [x, y] = placeOf(event);
      openHostMenu(found, x, y);
    },
  };
}

/** From the keyboard it has no place: then it stands at what is marked as current, or at what has the focus. */
function placeOf(event: MouseEvent<HTMLElement>): readonly [number, number] {
  if (event.button === 2 || event.ctrlKey) return [event.clientX, event.clientY];
  const element = event.currentTarget.querySelector(".current") ?? event.currentTarget;
  const { left, top, height } = element.getBoundingClientRect();
  return [left + 24, top + Math.min(height, 24)];
}
