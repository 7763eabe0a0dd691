import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { emojiData } from "./vite-emoji-data";

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

export default defineConfig({
  plugins: [react(), emojiData(), precompressed()],
  resolve: { alias: { "@": here("./src") } },
  build: {
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    // One file for everything that the first room needs: HTTP/1.1 allows six connections, so each further file waits.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } } },
  },
  server: { host: "127.0.0.1", proxy: { "/api": { target: `http://127.0.0.1:${chatPort}` } } },
});
