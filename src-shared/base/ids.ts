// The names that controller and client agree on, as types that cannot be mixed up.

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A host as the resource directory names it; the controller owns it, whatever the host calls itself. */
export type HostId = Branded<"HostId">;
/** One execution of an application: letters, digits and dashes, so that it can be a folder name. */
export type RunId = Branded<"RunId">;
/** A block's place: names from the inside out joined by "/": `p2/cb2/roundrobin` (as Plush wrote it). */
export type BlockPath = Branded<"BlockPath">;

export const hostIdOf = (name: string): HostId => name as HostId;
export const runIdOf = (name: string): RunId => name as RunId;
export const blockPathOf = (...insideOut: readonly string[]): BlockPath => insideOut.join("/") as BlockPath;
