// Where a window stood, for each arrangement of screens; and where it can stand now. Pure.
import { z } from "zod";

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface WindowPlace extends Rectangle {
  readonly isMaximised: boolean;
  readonly isFullScreen: boolean;
}

/** By arrangement; the one used last is the last. */
export type WindowPlaces = Readonly<Record<string, WindowPlace>>;

/** The arrangements of a few desks and meeting rooms. */
const ARRANGEMENTS_MAX = 20;
export const SIZE_MIN = { width: 800, height: 500 } as const;
const SIZE_DEFAULT = { width: 1440, height: 900 } as const;
/** So much of the title must be on a screen that it can be dragged. */
const VISIBLE_MIN = { width: 120, height: 40 } as const;

const schema = z.record(
  z.string(),
  z.object({
    x: z.number().int(),
    y: z.number().int(),
    width: z.number().int().positive(),
    height: z.number().int().positive(),
    isMaximised: z.boolean(),
    isFullScreen: z.boolean(),
  }),
);

export function parsePlaces(text: string | null): WindowPlaces {
  try {
    const checked = schema.safeParse(JSON.parse(text ?? "{}"));
    return checked.success ? checked.data : {};
  } catch {
    return {}; // no JSON: then the window starts as new
  }
}

export function withPlace(
  places: WindowPlaces,
  screens: readonly Rectangle[],
  place: WindowPlace,
): WindowPlaces {
  const key = arrangementOf(screens);
  const others = Object.entries(places).filter(([other]) => other !== key);
  return Object.fromEntries([...others.slice(1 - ARRANGEMENTS_MAX), [key, place]]);
}

/** Of the same screens as now, if it can be seen there; else in the middle of the first one. */
export function placeFor(places: WindowPlaces, screens: readonly Rectangle[]): WindowPlace {
  const kept = places[arrangementOf(screens)];
  if (kept !== undefined && screens.some((screen) => isSeenOn(screen, kept))) {
    return {
      ...kept,
      width: Math.max(kept.width, SIZE_MIN.width),
      height: Math.max(kept.height, SIZE_MIN.height),
    };
  }
  const [screen = { x: 0, y: 0, ...SIZE_DEFAULT }] = screens;
  const width = Math.min(SIZE_DEFAULT.width, screen.width);
  const height = Math.min(SIZE_DEFAULT.height, screen.height);
  return {
    x: screen.x + Math.floor((screen.width - width) / 2),
    y: screen.y + Math.floor((screen.height - height) / 2),
    width,
    height,
    isMaximised: false,
    isFullScreen: false,
  };
}

function arrangementOf(screens: readonly Rectangle[]): string {
  const names = screens.map(({ x, y, width, height }) =>
    [width, "x", height, x < 0 ? "" : "+", x, y < 0 ? "" : "+", y].map(String).join(""),
  );
  return names.sort().join(" ");
}

function isSeenOn(screen: Rectangle, place: Rectangle): boolean {
  const width = Math.min(screen.x + screen.width, place.x + place.width) - Math.max(screen.x, place.x);
  const isTopOn = place.y >= screen.y && place.y + VISIBLE_MIN.height <= screen.y + screen.height;
  return width >= VISIBLE_MIN.width && isTopOn;
}
