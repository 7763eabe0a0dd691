import { describe, expect, it } from "vitest";
import { initialOf, isolated, nameInSentence } from "@/lib/text/shown-name";

describe("a name in a sentence", () => {
  it.each(["שרה", "علي (2)", "abc שרה", "۱۲۳", "ߞ"])("keeps the direction of %s to itself", (name) => {
    expect(nameInSentence(name, "?")).toBe(`\u2068${name}\u2069`);
  });

  it.each(["Ann", "지우", "अनिल", "🦊", "10"])("needs no isolation for %s", (name) => {
    expect(nameInSentence(name, "?")).toBe(name);
  });

  it("cannot end the isolation itself", () => {
    expect(nameInSentence("\u2069שרה\u202e", "?")).toBe("\u2068שרה\u2069");
    expect(isolated("")).toBe("");
  });
});

it.each([
  ["ann", "A"],
  ["שרה", "ש"],
  ["น้ำ", "น้ำ"],
  ["👩‍👩‍👧 x", "👩‍👩‍👧"],
  ["\u3164", "?"],
])("the initial of %j is %j", (name, initial) => {
  expect(initialOf(name)).toBe(initial);
});
