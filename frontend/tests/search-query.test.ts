import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SEARCH_MAX, SEARCH_WORD_MAX, searchQuery } from "@/lib/search-query";

interface Parameter {
  name: string;
  schema: { maxLength?: number };
}
const openapi = JSON.parse(readFileSync(new URL("../openapi.json", import.meta.url), "utf8")) as {
  paths: Record<string, { get: { parameters: Parameter[] } }>;
};

describe("a search query", () => {
  it("has the typed words in composed form, without repeated words and spaces", () => {
    expect(searchQuery("  hello   hello you ")).toEqual({
      query: "hello you",
      isShortened: false,
      isEnough: true,
    });
    expect(searchQuery("한국어 café".normalize("NFD")).query).toBe("한국어 café");
  });

  it("has only the beginning of a pasted address that is too long", () => {
    const address = `https://example.com/${"a".repeat(136)}`;
    const { query, isShortened } = searchQuery(address);
    expect([query, isShortened]).toEqual([address.slice(0, SEARCH_WORD_MAX), true]);
  });

  it("has at most four words", () => {
    expect(searchQuery("a b c d e")).toMatchObject({ query: "a b c d", isShortened: true });
  });

  it("fits into the parameter of the server", () => {
    const q = openapi.paths["/api/v1/rooms/{room_id}/search"]?.get.parameters.find(
      ({ name }) => name === "q",
    );
    expect(q?.schema.maxLength).toBe(SEARCH_MAX);
    const { query } = searchQuery(["a", "b", "c", "d"].map((letter) => letter.repeat(50)).join(" "));
    expect(query.length).toBeLessThanOrEqual(SEARCH_MAX);
    expect(Array.from(searchQuery("😀".repeat(80)).query)).toHaveLength(SEARCH_WORD_MAX);
  });

  it.each([
    ["", false],
    [" ", false],
    ["a", false],
    ["ab", true],
    ["가", true],
    ["字", true],
    ["🎉", true],
  ])("of %j is enough: %s", (typed, isEnough) => {
    expect(searchQuery(typed).isEnough).toBe(isEnough);
  });
});
