import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cleaned,
  isVisible,
  messageProblem,
  nameProblem,
  refusedCharacter,
  type TextProblem,
} from "@/lib/text/allowed-characters";

interface Vector {
  readonly text: string;
  readonly stored?: string;
  readonly refused?: string;
  readonly cleaned?: string;
}

interface Vectors {
  readonly default_ignorable: readonly (readonly [string, string])[];
  readonly messages: Readonly<Record<string, Vector>>;
  readonly names: Readonly<Record<string, Vector>>;
}

const file = new URL("../../../tests/contract/allowed_characters.json", import.meta.url);
const { default_ignorable, messages, names } = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const MESSAGE_MAX = 4_000;
const NAME_MAX = 32;

/** What the vectors call a problem. */
function reason(problem: TextProblem | null): string | undefined {
  return problem?.kind === "character" ? problem.character : problem?.kind;
}

const expected = (vector: Vector) => (vector.refused === "invisible" ? "empty" : vector.refused);

describe("a message", () => {
  it.each(Object.entries(messages))("is refused for the same reason as by the server: %s", (_, vector) => {
    expect(reason(messageProblem(vector.text, MESSAGE_MAX))).toBe(expected(vector));
    const code = vector.refused?.startsWith("U+") === true ? vector.refused : null;
    expect(refusedCharacter(vector.text)).toBe(code);
  });

  it.each(Object.entries(messages))("is cleaned to what the server stores: %s", (_, vector) => {
    const text = cleaned(vector.text);
    if (vector.cleaned !== undefined) expect(text).toBe(vector.cleaned);
    if (vector.stored !== undefined) expect(text.normalize("NFC").trim()).toBe(vector.stored.trim());
    const isHopeless = vector.refused === "invisible" || vector.refused === "empty";
    expect(reason(messageProblem(text, MESSAGE_MAX))).toBe(isHopeless ? "empty" : undefined);
  });

  it("that is cleaned holds no refused character, and cleaning it again changes nothing", () => {
    const pieces = fc.constantFrom(
      ...Array.from("\n\t\u0000\u001b[31m\u009b\u0085\u202a\u202c\u2066\u2069\u0301a \ud800\ufffe"),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: "binary" })), { maxLength: 60 }), (parts) => {
        const once = cleaned(parts.join(""));
        expect(refusedCharacter(once)).toBeNull();
        expect(cleaned(once)).toBe(once);
      }),
    );
  });

  it("that is too long says how many characters to remove, as people count them", () => {
    const family = "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}";
    expect(messageProblem("a".repeat(10) + family, 10)).toEqual({ kind: "length", max: 10, remove: 1 });
    expect(messageProblem(family.repeat(3), 10)).toEqual({ kind: "length", max: 10, remove: 1 });
    expect(messageProblem("e\u0301".repeat(10), 10)).toBeNull();
    expect(messageProblem(`  ${"\u{1f469}".repeat(10)}\n`, 10)).toBeNull();
  });

  it("of a hundred thousand direction controls is cleaned in linear time", () => {
    expect(cleaned("\u2066\u202a".repeat(50_000) + "\u202c\u2069".repeat(50_000))).toHaveLength(200_000);
    expect(cleaned("\u2066".repeat(100_000))).toBe("");
    expect(cleaned("\u202a".repeat(50_000) + "\u2069".repeat(50_000))).toBe("");
  });
});

describe("a name", () => {
  it.each(Object.entries(names))("is refused for the same reason as by the server: %s", (_, vector) => {
    expect(reason(nameProblem(vector.text, NAME_MAX))).toBe(expected(vector));
  });
});

it("takes the same characters for invisible as the server", () => {
  for (const [first, last] of default_ignorable)
    for (let code = parseInt(first, 16); code <= parseInt(last, 16); code += 1)
      expect(isVisible(String.fromCodePoint(code)), code.toString(16)).toBe(false);
  let ignorable = 0;
  for (let code = 0; code <= 0x10ffff; code += 1)
    if (/^\p{Default_Ignorable_Code_Point}$/u.test(String.fromCodePoint(code))) ignorable += 1;
  const listed = default_ignorable.map(([first, last]) => parseInt(last, 16) - parseInt(first, 16) + 1);
  expect(listed.reduce((sum, count) => sum + count)).toBe(ignorable);
});
