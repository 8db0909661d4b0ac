// Says what data from outside must look like, and checks it: small parts that are put together to shapes.
//
// A library for this costs each client more to load than all the rest of its program (25 ms of processor time).

/** Where something is wrong, from the inside out; filled while the check unwinds. */
export type Place = (string | number)[];

/** Checks a value; `undefined` = it is right, else the place that is wrong, below the value. */
export interface Shape<T> {
  readonly wrongAt: (value: unknown) => Place | undefined;
  /** Only a type: what passes is one. */
  readonly type?: T;
}

/** What passes a shape. */
export type TypeOf<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type ObjectOf<F extends Fields> = { -readonly [Key in keyof F]: TypeOf<F[Key]> };

const here = (isRight: boolean): Place | undefined => (isRight ? undefined : []);

/** Whatever a function says yes to. */
export function only<T>(isRight: (value: unknown) => boolean): Shape<T> {
  return { wrongAt: (value) => here(isRight(value)) };
}

/** The same with one more condition. */
export function also<T>(shape: Shape<T>, isRight: (value: T) => boolean): Shape<T> {
  return { wrongAt: (value) => shape.wrongAt(value) ?? here(isRight(value as T)) };
}

export const anything: Shape<unknown> = only(() => true);
export const flag: Shape<boolean> = only((value) => typeof value === "boolean");

export interface TextLimits {
  readonly least?: number;
  readonly most: number;
  readonly pattern?: RegExp;
}

export function textOf<T extends string = string>({ least = 0, most, pattern }: TextLimits): Shape<T> {
  return only(
    (value) =>
      typeof value === "string" &&
      value.length >= least &&
      value.length <= most &&
      (pattern === undefined || pattern.test(value)),
  );
}

/** Finite; only whole numbers without loss when `whole`. */
export function numberOf(limits: {
  readonly whole: boolean;
  readonly least?: number;
  readonly most?: number;
}): Shape<number> {
  const { whole, least = -Number.MAX_VALUE, most = Number.MAX_VALUE } = limits;
  return only(
    (value) =>
      typeof value === "number" &&
      (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
      value >= least &&
      value <= most,
  );
}

export function literal<const T extends string>(text: T): Shape<T> {
  return only((value) => value === text);
}

export function oneOf<const T extends string>(...words: readonly T[]): Shape<T> {
  return only((value) => words.some((word) => word === value));
}

export function listOf<T>(element: Shape<T>, least: number, most: number): Shape<T[]> {
  return {
    wrongAt: (value) => {
      if (!Array.isArray(value) || value.length < least || value.length > most) return [];
      for (const [index, item] of value.entries()) {
        const place = element.wrongAt(item);
        if (place !== undefined) return [...place, index];
      }
      return undefined;
    },
  };
}

export function either<A, B>(a: Shape<A>, b: Shape<B>): Shape<A | B> {
  return {
    wrongAt: (value) => (a.wrongAt(value) === undefined ? undefined : here(b.wrongAt(value) === undefined)),
  };
}

/** The key must be there: the wire carries undefined as a value. */
export function orUndefined<T>(shape: Shape<T>): Shape<T | undefined> {
  return { wrongAt: (value) => (value === undefined ? undefined : shape.wrongAt(value)) };
}

export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return { wrongAt: (value) => (value === null ? undefined : shape.wrongAt(value)) };
}

/** These fields and no others. */
export function objectOf<const F extends Fields>(fields: F): Shape<ObjectOf<F>> {
  const entries = Object.entries(fields);
  return {
    wrongAt: (value) => {
      if (!isPlainObject(value)) return [];
      for (const [name, shape] of entries) {
        if (!Object.hasOwn(value, name)) return [name];
        const place = shape.wrongAt(value[name]);
        if (place !== undefined) return [...place, name];
      }
      // All of ours are there: any other makes one more.
      return here(Object.keys(value).length === entries.length);
    },
  };
}

/** Names that are not known beforehand. */
export function recordOf<T>(name: Shape<string>, of: Shape<T>): Shape<Record<string, T>> {
  return {
    wrongAt: (value) => {
      if (!isPlainObject(value)) return [];
      for (const [key, item] of Object.entries(value)) {
        if (name.wrongAt(key) !== undefined) return [];
        const place = of.wrongAt(item);
        if (place !== undefined) return [...place, key];
      }
      return undefined;
    },
  };
}

type Kinds = Readonly<Record<string, Fields>>;
type KindOf<K extends Kinds> = {
  [Kind in keyof K]: { kind: Kind } & { -readonly [Key in keyof K[Kind]]: TypeOf<K[Kind][Key]> };
}[keyof K];

export interface KindShape<T> extends Shape<T> {
  readonly kinds: readonly string[];
}

/** One of several objects, told apart by their field `kind`. */
export function kindOf<const K extends Kinds>(kinds: K): KindShape<KindOf<K>> {
  const shapes = new Map(
    Object.entries(kinds).map(([kind, fields]) => [kind, objectOf({ kind: literal(kind), ...fields })]),
  );
  return {
    kinds: Object.keys(kinds),
    wrongAt: (value) => {
      if (!isPlainObject(value)) return ["kind"];
      const { kind } = value;
      const shape = typeof kind === "string" && Object.hasOwn(value, "kind") ? shapes.get(kind) : undefined;
      return shape === undefined ? ["kind"] : shape.wrongAt(value);
    },
  };
}

/** What JSON and msgpack make of a map; no class of anybody's. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** Reasons name places, never values: some are secret, and all are a stranger's. */
export function check<T>(shape: Shape<T>, value: unknown): Checked<T> {
  const place = shape.wrongAt(value);
  if (place === undefined) return { ok: true, value: value as T };
  return { ok: false, reason: `not valid at ${placeText(place, "kind")}` };
}

/** From the outside in, joined by dots; `whole` is the value itself. */
export function placeText(place: Place, whole: string): string {
  return place.length === 0 ? whole : [...place].reverse().join(".");
}
