import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const chatPort = process.env["CHAT_PORT"] ?? "8000";
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The picker reads names of emoji from our own origin, never from a CDN. */
function emojiData(): Plugin {
  return {
    name: "emoji-data",
    apply: "build",
    async writeBundle(options) {
      for (const language of ["en", "ko", "ja"]) {
        for (const file of ["data.json", "messages.json"]) {
          const source = here(`./node_modules/emojibase-data/${language}/${file}`);
          await cp(source, `${options.dir ?? "dist"}/emojibase/${language}/${file}`);
        }
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), emojiData()],
  resolve: { alias: { "@": here("./src") } },
  build: {
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    // One file for what the first room needs: on a slow network each file more waits for one of six connections.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } } },
  },
  server: { host: "127.0.0.1", proxy: { "/api": { target: `http://127.0.0.1:${chatPort}` } } },
});
