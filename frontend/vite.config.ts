import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type UserConfig } from "vite";
import { emojiData } from "./vite-emoji-data.ts";
import { allFiles, lazyFiles } from "./vite-lazy-files.ts";

const chatPort = process.env["CHAT_PORT"] ?? "8000";
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const COMPRESSIBLE = /\.(css|html|js|json|svg|webmanifest)$/;
const WORTH_COMPRESSING_BYTES = 1024;

/** Writes `name.br` and `name.gz` next to each text file, so that servers compress nothing at request time. */
function precompressed(): Plugin {
  return {
    name: "precompressed",
    apply: "build",
    enforce: "post",
    async closeBundle() {
      const dist = here("./dist");
      for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const content = await readFile(path);
        if (content.length < WORTH_COMPRESSING_BYTES) continue;
        const sizeHint = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
        await writeFile(`${path}.br`, await promisify(brotliCompress)(content, { params: sizeHint }));
        await writeFile(
          `${path}.gz`,
          await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }),
        );
      }
    },
  };
}

/** The names of all CSS modules, in an order that does not depend on the machine. */
const cssModules = async (): Promise<string[]> =>
  (await readdir(here("./src"), { recursive: true }))
    .filter((path) => path.endsWith(".module.css"))
    .map((path) => basename(path))
    .sort();

/** Short class names for the build: the number of the CSS module, then that of the class in it. */
function shortClassName(moduleFiles: readonly string[]) {
  return (name: string, file: string, css: string): string => {
    const names = [
      ...new Set([...css.matchAll(/(?:\.|@keyframes )([A-Za-z][\w-]*)/g)].map(([, found]) => found)),
    ];
    return `${String.fromCharCode(97 + moduleFiles.indexOf(basename(file)))}${names.indexOf(name).toString(36)}`;
  };
}

/** Keeps the CSS of modules whose class names are inlined: without this, the build drops such a module as unused. */
const keepCss: Plugin = {
  name: "keep-css",
  enforce: "post",
  transform: (code, id) =>
    id.endsWith(".module.css") ? { code, map: null, moduleSideEffects: "no-treeshake" } : null,
};

export default defineConfig(async ({ command }): Promise<UserConfig> => ({
  plugins: [react(), emojiData(), keepCss, lazyFiles(), precompressed()],
  // The development server keeps readable names.
  css: command === "build" ? { modules: { generateScopedName: shortClassName(await cssModules()) } } : {},
  resolve: {
    alias: [
      { find: /^@\//, replacement: here("./src/") },
      // The shim is for React 17: React itself has had useSyncExternalStore since 18.
      { find: /^use-sync-external-store\/shim$/, replacement: "react" },
    ],
  },
  build: {
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    // One style sheet: the styles of a lazy part cannot fail to load.
    cssCodeSplit: false,
    // The first room is one file, so there is nothing to preload that older browsers need help with.
    modulePreload: { polyfill: false, resolveDependencies: allFiles },
    // One file for everything that the first room needs: HTTP/1.1 allows six connections, so each further file waits.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } } },
  },
  server: { host: "127.0.0.1", proxy: { "/api": { target: `http://127.0.0.1:${chatPort}` } } },
}));
