import { readFileSync } from "node:fs";

const path = new URL("../../../tests/contract/hostile_texts.json", import.meta.url);
const parts = JSON.parse(readFileSync(path, "utf8")) as Record<string, [string, number][]>;

/** Texts of up to 4,000 code points that cost some reader of Markdown, or its screen, more than their length. */
export const HOSTILE: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(parts).map(([name, repeated]) => [
    name,
    repeated.map(([unit, times]) => unit.repeat(times)).join(""),
  ]),
);
