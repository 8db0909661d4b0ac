// How the window is built: src-renderer into dist/window/, the same files for Electron and for a browser.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

export default defineConfig({
  root: join(ROOT, "src-renderer"),
  base: "./",
  plugins: [react()],
  cacheDir: join(ROOT, "node_modules", ".cache", "vite"),
  build: {
    outDir: join(ROOT, "dist", "window"),
    emptyOutDir: true,
    // The oldest Chromium that it must run in: that of the runtime for tests.
    target: "chrome130",
    // Data in a URL would be one more thing for the security policy to allow.
    assetsInlineLimit: 0,
    // One map and one editor are large; a warning that is always there warns of nothing.
    chunkSizeWarningLimit: 3000,
    modulePreload: { polyfill: false },
  },
  logLevel: "warn",
});
