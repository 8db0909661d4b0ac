// The dialog that is open: one at a time.
import { createStore } from "zustand/vanilla";

export type OpenDialog =
  | { readonly kind: "open"; readonly what: "application" | "directory" }
  | { readonly kind: "examples" }
  | { readonly kind: "preferences" }
  | { readonly kind: "palette" }
  | { readonly kind: "keys" }
  | { readonly kind: "about" }
  | { readonly kind: "command"; readonly hosts: readonly string[] }
  | { readonly kind: "group"; readonly hosts: readonly string[] }
  | { readonly kind: "fail"; readonly hosts: readonly string[]; readonly act: () => void };

export const dialogStore = createStore<{ readonly open: OpenDialog | undefined }>(() => ({
  open: undefined,
}));

export function showDialog(open: OpenDialog): void {
  dialogStore.setState({ open });
}

export function closeDialog(): void {
  dialogStore.setState({ open: undefined });
}
