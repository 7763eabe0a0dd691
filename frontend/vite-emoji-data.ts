import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { ownValue } from "./src/lib/own-value.ts";

const LANGUAGES = ["en", "ko", "ja"] as const;
type Language = (typeof LANGUAGES)[number];

/** One emoji of emojibase-data's `data.json`. */
interface EmojiData {
  readonly emoji: string;
  readonly hexcode: string;
  readonly label: string;
  readonly tags?: readonly string[];
}

/** One emoji as the composer reads it: the emoji, its name, then its shortcodes and words, both separated by spaces. */
export type EmojiEntry = readonly [emoji: string, name: string, shortcodes: string, words: string];

/** The part of emojibase-data that the composer's completion needs. Words are in lower case. */
export function emojiEntries(
  data: readonly EmojiData[],
  shortcodes: Readonly<Record<string, string | readonly string[]>>,
): EmojiEntry[] {
  return data.flatMap(({ emoji, hexcode, label, tags }) => {
    if (tags === undefined) return []; // regional indicators and other parts of emoji
    const words = [label, ...tags].join(" ").toLowerCase().split(/\s+/u);
    return [
      [emoji, label, [ownValue(shortcodes, hexcode) ?? []].flat().join(" "), [...new Set(words)].join(" ")],
    ];
  });
}

const emojibase = async (path: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`./node_modules/emojibase-data/${path}`, import.meta.url)), "utf8");

const FILES: Record<string, (language: Language) => Promise<string>> = {
  // The emoji picker reads these two by their own names.
  "data.json": (language) => emojibase(`${language}/data.json`),
  "messages.json": (language) => emojibase(`${language}/messages.json`),
  "names.json": async (language) => {
    const data = JSON.parse(await emojibase(`${language}/data.json`)) as EmojiData[];
    const shortcodes = JSON.parse(await emojibase("en/shortcodes/github.json")) as Record<string, string>;
    return JSON.stringify(emojiEntries(data, shortcodes));
  },
};

/** Serves emoji data from our own origin under /emojibase, in the build and in the development server. */
export function emojiData(): Plugin {
  return {
    name: "emoji-data",
    configureServer(server) {
      server.middlewares.use("/emojibase", (request, response, next) => {
        const [, language, file = ""] = new URL(request.url ?? "", "http://localhost").pathname.split("/");
        const known = LANGUAGES.find((each) => each === language);
        const make = ownValue(FILES, file);
        if (known === undefined || make === undefined) return next();
        make(known).then((body) => {
          response.setHeader("Content-Type", "application/json");
          response.end(body);
        }, next);
      });
    },
    async writeBundle(options) {
      for (const language of LANGUAGES) {
        const folder = `${options.dir ?? "dist"}/emojibase/${language}`;
        await mkdir(folder, { recursive: true });
        for (const [file, make] of Object.entries(FILES))
          await writeFile(`${folder}/${file}`, await make(language));
      }
    },
  };
}
