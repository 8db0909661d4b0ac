// The block or the gate that is looked at more closely.
export type Chosen =
  | { readonly kind: "block"; readonly path: string }
  | { readonly kind: "gate"; readonly name: string };
