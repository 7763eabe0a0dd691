import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beginningOf, parseText, type Block, type Inline } from "@/lib/text/grammar";
import { harmlessText } from "@/lib/text/harmless-text";
import { MentionNames } from "@/lib/text/mention-names";
import { mentions } from "@/lib/text/mentions";
import { plainLine } from "@/lib/text/plain-line";
import { CASES, namesOf } from "./cases";
import { drawn } from "./drawn";
import { HOSTILE } from "./hostile";

describe("a text is drawn as its writer meant it", () => {
  it.each(CASES)("$class: $text", (one) => {
    expect(drawn(parseText(one.text, namesOf(one)))).toBe(one.drawn ?? one.text);
  });

  it("in at least 400 cases, each of them once", () => {
    const keys = new Set(CASES.map(({ text, me, people }) => JSON.stringify([text, me, people])));
    expect(keys.size).toBe(CASES.length);
    expect(CASES.length).toBeGreaterThanOrEqual(400);
  });
});

describe("a link shows where it leads", () => {
  const links = CASES.flatMap((one) => linksOf(parseText(one.text, namesOf(one))));

  it.each(links)("$href", ({ href, host, inside }) => {
    const shown = host ?? textOf(inside);
    const url = new URL(href);
    expect(shown.toLowerCase()).toContain(url.host === "" ? url.pathname : url.host);
    expect(textOf(inside).trim()).not.toBe("");
  });
});

const NAMES = new MentionNames("Ann", ["Ann Lee", "아나", "ศิริพร", "A"]);
const LEVELS_MAX = 12;
const STEPS_PER_UNIT = 14;

type Link = Extract<Inline, { kind: "link" }>;

const childrenOf = (piece: Block | Inline): readonly (Block | Inline)[] =>
  piece.kind === "list" ? piece.items.flatMap(({ inside }) => inside) : "inside" in piece ? piece.inside : [];

function linksOf(pieces: readonly (Block | Inline)[]): Link[] {
  return pieces.flatMap((piece) => (piece.kind === "link" ? [piece] : linksOf(childrenOf(piece))));
}

function levels(pieces: readonly (Block | Inline)[]): number {
  return 1 + Math.max(0, ...pieces.map((piece) => levels(childrenOf(piece))));
}

function elements(pieces: readonly (Block | Inline)[]): number {
  let count = pieces.length;
  for (const piece of pieces) count += elements(childrenOf(piece));
  return count;
}

/** All characters of a tree, in order. */
function textOf(pieces: readonly (Block | Inline)[]): string {
  return pieces
    .map((piece) => {
      if (piece.kind === "list")
        return piece.items.map((item) => `${item.marker} ${textOf(item.inside)}`).join("\n");
      if (piece.kind === "code" && "language" in piece) return `${piece.language}\n${piece.text}\n`;
      return "inside" in piece ? textOf(piece.inside) : piece.text;
    })
    .join(pieces.some(isBlock) ? "\n" : "");
}

const isBlock = (piece: Block | Inline) =>
  piece.kind === "paragraph" || piece.kind === "quote" || piece.kind === "list" || "language" in piece;

/** What is true of every text. */
function checkBounds(text: string): void {
  const meter = { steps: 0 };
  const blocks = parseText(text, NAMES, meter);
  expect(meter.steps).toBeLessThanOrEqual(STEPS_PER_UNIT * (text.length + 1));
  expect(levels(blocks)).toBeLessThanOrEqual(LEVELS_MAX);
  expect(elements(blocks)).toBeLessThanOrEqual(2 * text.length + 1);
  expect(elements(beginningOf(blocks, 200, 10))).toBeLessThanOrEqual(700);
  expect(plainLine(text).length).toBeLessThanOrEqual(200);
  expect(typeof mentions(text, "Ann", () => ["Ann Lee"])).toBe("boolean");
  expect(harmlessText(text).length).toBeLessThanOrEqual(text.length);
}

describe("a hostile text is parsed in linear time", () => {
  it.each(Object.entries(HOSTILE))("%s", (_, text) => checkBounds(text));

  it.each(Object.entries(HOSTILE))("%s, twice as long, costs about twice as much", (_, text) => {
    const steps = (of: string) => {
      const meter = { steps: 0 };
      parseText(of, NAMES, meter);
      return meter.steps;
    };
    const half = text.slice(0, text.length >> 1);
    expect(steps(text)).toBeLessThanOrEqual(3 * steps(half) + 100);
  });
});

const MARK = [
  ...Array.from("*_~`>[](){}<>!#-+.|\\@:/ \n\t\"'´^ωᴗ;,，。、」（）؟।"),
  ...["**", "***", "~~", "```", "```\n", "```js\n", "\n> ", "\n>> ", "\n- ", "\n1. ", "]("],
];
const WORD = [
  ...[
    "https://a.example",
    "www.a.example/(",
    "https://b@c.example",
    "http://한국.kr",
    "https://ü.example/[x]",
  ],
  ...["@Ann", "@Ann Lee", "@", "Ann", "1", "10", "a", "О", "가", "님", "字", "ぁ", "น้ำ", "हिन्दी", "தமிழ்"],
  ...["שלום", "سلام", "\u202e", "\u2066", "\u200d", "\u200b", "\u200c", "\u0301", "\u0316", "\u3164"],
  ...["👩‍👩‍👧", "🏳️‍🌈", "🎉", "👍🏽", "🇰🇷", "1️⃣", "\ud83d", "\udf89", "w".repeat(300)],
];
const piece = fc.constantFrom(...MARK, ...WORD);
const mixture = fc.array(piece, { maxLength: 300 }).map((pieces) => pieces.join(""));
const repetition = fc
  .tuple(fc.array(piece, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 800 }))
  .map(([pieces, times]) => pieces.join("").repeat(times).slice(0, 4_000));

describe("any text", () => {
  it.each([
    ["of marks, words and addresses", mixture],
    ["that repeats itself", repetition],
    ["of any characters", fc.string({ unit: "binary", maxLength: 4_000 })],
  ])("%s is drawn without an error, in linear time and bounded depth", (_, texts) => {
    fc.assert(fc.property(texts, checkBounds), { numRuns: 400 });
  });
});

const MARKS = /[*_~`>[\]()\\\s]/g;
const LABELLED = "[ab](https://a.example/cd)";

/** `kept` is `all` without some characters. */
function isPartOf(kept: string, all: string): boolean {
  let at = 0;
  for (const unit of all) if (kept.startsWith(unit, at)) at += unit.length;
  return at === kept.length;
}

/** What was typed: the text of the tree and the marks that the grammar removed. */
function checkNothingIsLost(text: string): void {
  const shown = textOf(parseText(text, NAMES));
  const withoutAddress = (of: string) => of.replaceAll("https://a.example/cd", "");
  expect(withoutAddress(shown).replace(MARKS, "")).toBe(withoutAddress(text).replace(MARKS, ""));
  expect(isPartOf(shown.replace(/\s/g, ""), text.replace(/\s/g, ""))).toBe(true);
  for (const mark of ["*", "_", "~"]) {
    const removed = text.split(mark).length - shown.split(mark).length;
    expect(removed % 2, `pairs of ${mark}`).toBe(0);
  }
}

describe("nothing but marks is removed", () => {
  it.each(CASES.filter(({ class: kind }) => kind !== "label" && kind !== "idn"))("$class: $text", (one) => {
    if (!one.text.includes("](")) checkNothingIsLost(one.text);
  });

  it("from any mixture of scripts and marks", () => {
    const words = WORD.filter((word) => !/:\/\/|www/.test(word) && word.length < 50);
    const pieces = fc.array(fc.constantFrom(...MARK.filter((mark) => mark !== "]("), ...words, LABELLED), {
      maxLength: 40,
    });
    const texts = pieces.map((all) => all.join("")).filter((text) => !/\p{Cs}/u.test(text));
    fc.assert(fc.property(texts, checkNothingIsLost), { numRuns: 4_000 });
  });
});
