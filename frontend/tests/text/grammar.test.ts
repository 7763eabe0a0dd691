import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { harmlessText } from "@/lib/text/harmless-text";
import { beginningOf, parseText, type Block, type Inline } from "@/lib/text/grammar";
import { mentions, plainLine } from "@/lib/text/words";
import { drawn } from "./drawn";
import { HOSTILE } from "./hostile";

interface Case {
  group: string;
  text: string;
  drawn: string;
  nickname?: string;
}

const path = new URL("../../../tests/contract/text_cases.json", import.meta.url);
const cases = JSON.parse(readFileSync(path, "utf8")) as Case[];

describe("a text is drawn as its writer meant it", () => {
  it.each(cases)("$group: $text", ({ text, nickname, drawn: expected }) => {
    expect(drawn(parseText(text, nickname))).toBe(expected);
  });
});

const LEVELS_MAX = 12;
const STEPS_PER_UNIT = 12;

function levels(pieces: readonly (Block | Inline)[]): number {
  const inside = pieces.map((piece) => {
    if (piece.kind === "list") return 1 + levels(piece.items.flatMap((item) => item.inside));
    return "inside" in piece ? levels(piece.inside) : 0;
  });
  return 1 + Math.max(0, ...inside);
}

function elements(pieces: readonly (Block | Inline)[]): number {
  let count = pieces.length;
  for (const piece of pieces) {
    if (piece.kind === "list") for (const item of piece.items) count += 1 + elements(item.inside);
    else if ("inside" in piece) count += elements(piece.inside);
  }
  return count;
}

/** What every text keeps to, however it was made. */
function holds(text: string): void {
  const meter = { steps: 0 };
  const blocks = parseText(text, "Ann", meter);
  expect(meter.steps).toBeLessThanOrEqual(STEPS_PER_UNIT * (text.length + 1));
  expect(levels(blocks)).toBeLessThanOrEqual(LEVELS_MAX);
  expect(elements(blocks)).toBeLessThanOrEqual(2 * text.length + 1);
  expect(elements(beginningOf(blocks, 200, 10))).toBeLessThanOrEqual(700);
  expect(plainLine(text).length).toBeLessThanOrEqual(200);
  expect(typeof mentions(text, "Ann")).toBe("boolean");
  expect(harmlessText(text).length).toBeLessThanOrEqual(text.length);
}

describe("a hostile text costs as much as its length", () => {
  it.each(Object.entries(HOSTILE))("%s", (_, text) => holds(text));

  it.each(Object.entries(HOSTILE))("%s, twice as long, costs about twice as much", (_, text) => {
    const steps = (of: string) => {
      const meter = { steps: 0 };
      parseText(of, "Ann", meter);
      return meter.steps;
    };
    const half = text.slice(0, text.length >> 1);
    expect(steps(text)).toBeLessThanOrEqual(3 * steps(half) + 100);
  });
});

const piece = fc.constantFrom(
  ...Array.from("*_~`>[](){}<>!#-+.|\\@:/ \n\t\"'"),
  "**",
  "***",
  "~~",
  "```",
  "```\n",
  "\n> ",
  "\n- ",
  "\n1. ",
  "](",
  "https://a.example",
  "www.a.example/(",
  "https://b@c.example",
  "@Ann",
  "@",
  "가",
  "님",
  "字",
  "ぁ",
  "น้ำ",
  "हिन्दी",
  "שלום",
  "سلام",
  "\u202e",
  "\u2066",
  "\u200d",
  "\u200b",
  "\u0301",
  "\u0316",
  "\u3164",
  "👩‍👩‍👧",
  "🏳️‍🌈",
  "🎉",
  "\ud83d",
  "\udf89",
  "w".repeat(300),
);
const madeText = fc.array(piece, { maxLength: 300 }).map((pieces) => pieces.join(""));
const repeated = fc
  .tuple(fc.array(piece, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 800 }))
  .map(([pieces, times]) => pieces.join("").repeat(times).slice(0, 4_000));

describe("any text", () => {
  it.each([
    ["of marks, words and addresses", madeText],
    ["that repeats itself", repeated],
    ["of any characters", fc.string({ unit: "binary", maxLength: 4_000 })],
  ])("%s is drawn without an error, in linear time and bounded depth", (_, texts) => {
    fc.assert(fc.property(texts, holds), { numRuns: 400 });
  });

  it("keeps every letter that was typed, in order", () => {
    const letters = (text: string) => text.replace(/[^\p{L}]/gu, "");
    const words = fc.array(
      fc.constantFrom("a", "가", " ", "\n", "*", "**", "_", "~~", "~", ">", "- ", "\\", "(", ")"),
    );
    fc.assert(
      fc.property(words, (pieces) => {
        const text = pieces.join("");
        const shown = drawn(parseText(text)).replace(/\{(?:b|i|s|c|q|ul|pre):/g, "");
        expect(letters(shown)).toBe(letters(text));
      }),
      { numRuns: 1_000 },
    );
  });
});
