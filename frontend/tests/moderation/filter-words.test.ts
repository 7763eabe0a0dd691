import { describe, expect, it } from "vitest";
import { CHARACTERS_MAX, readFilterWords, WORD_MAX, WORDS_MAX } from "@/lib/moderation/filter-words";

const numbered = (count: number, length = 1) =>
  Array.from({ length: count }, (_, number) => String(number).padStart(length, "x")).join("\n");

describe("the words of a filter", () => {
  it("are the lines of the field, each once, without blank ones", () => {
    const { words, characters, problem } = readFilterWords(" casino \n\nbuy now\ncasino\n");
    expect([words, characters, problem]).toEqual([["casino", "buy now"], 13, null]);
  });

  it("may be none", () => {
    expect(readFilterWords("\n ")).toEqual({ words: [], characters: 0, problem: null });
  });

  it("have the bounds of the server", () => {
    expect(readFilterWords(numbered(WORDS_MAX)).problem).toBeNull();
    expect(readFilterWords(numbered(WORDS_MAX + 2)).problem).toEqual({ kind: "words", remove: 2 });
    expect(readFilterWords("x".repeat(WORD_MAX)).problem).toBeNull();
    expect(readFilterWords(`a\n${"x".repeat(WORD_MAX + 1)}`).problem).toMatchObject({
      kind: "word",
      line: 2,
    });
    expect(readFilterWords(numbered(CHARACTERS_MAX / 100, 100)).problem).toBeNull();
    expect(readFilterWords(numbered(CHARACTERS_MAX / 100 + 1, 100)).problem).toEqual({
      kind: "characters",
      remove: 100,
    });
  });

  it("count a ligature as its letters", () => {
    expect(readFilterWords("\ufb01sh").characters).toBe(4);
  });

  it("name the line of a character that the server refuses", () => {
    expect(readFilterWords("good\nba\u200bd").problem).toEqual({
      kind: "word",
      line: 2,
      problem: { kind: "character", character: "U+200B" },
    });
  });
});
