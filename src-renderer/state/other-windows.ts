// The windows of one session tell each other, within the browser, what a person has chosen in one of them: appearance, selection, views.
import { awaitPast, pastHere, takePast, type Past } from "./past.ts";
import { selectionStore } from "./selection-store.ts";
import { settingsStore, type SettingsState } from "./settings-store.ts";
import { windowStore } from "./window-store.ts";

/** What only the window with the docks can do. */
export type DockWish =
  | { readonly kind: "view"; readonly view: string }
  | { readonly kind: "terminal"; readonly host: string };

type Told =
  | { readonly kind: "appearance"; readonly appearance: Pick<SettingsState, "theme" | "density" | "motion"> }
  | { readonly kind: "selection"; readonly hosts: ReadonlySet<string>; readonly current: string | undefined }
  | { readonly kind: "wish"; readonly wish: DockWish }
  | { readonly kind: "pastWanted"; readonly by: string }
  | { readonly kind: "past"; readonly for: string; readonly past: Past };

const channel = new BroadcastChannel("nebula-windows");
/** Names this window to the others. */
const own = crypto.randomUUID();
let isTelling = false;

/** Once, at the start; `onWish` hears what other windows want of the docks. */
export function startTelling(onWish: (wish: DockWish) => void): void {
  settingsStore.subscribe(({ theme, density, motion }, before) => {
    if (theme === before.theme && density === before.density && motion === before.motion) return;
    say({ kind: "appearance", appearance: { theme, density, motion } });
  });
  selectionStore.subscribe(({ hosts, current }) => say({ kind: "selection", hosts, current }));
  channel.addEventListener("message", ({ data }: MessageEvent<Told>) => {
    isTelling = true;
    take(data, onWish);
    isTelling = false;
  });
}

/** Of a window that has just been welcomed, and shows one tab alone. */
export function wantPast(): void {
  awaitPast();
  channel.postMessage({ kind: "pastWanted", by: own } satisfies Told);
}

export function wishOfDocks(wish: DockWish): void {
  channel.postMessage({ kind: "wish", wish } satisfies Told);
}

/** What was heard is not told again. */
function say(told: Told): void {
  if (!isTelling && windowStore.getState().welcome !== undefined) channel.postMessage(told);
}

function take(told: Told, onWish: (wish: DockWish) => void): void {
  switch (told.kind) {
    case "appearance":
      return settingsStore.setState(told.appearance);
    case "selection":
      return selectionStore.setState({ hosts: told.hosts, current: told.current });
    case "wish":
      return onWish(told.wish);
    case "pastWanted": {
      const { welcome } = windowStore.getState();
      if (welcome === undefined || welcome.shows !== undefined) return undefined;
      return channel.postMessage({ kind: "past", for: told.by, past: pastHere() } satisfies Told);
    }
    case "past":
      return told.for === own ? takePast(told.past) : undefined;
  }
}
