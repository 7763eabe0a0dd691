import { describe, expect, it } from "vitest";
import { completionsAt } from "@/lib/completion/completion";

const NAMES = [
  { emoji: "🐙", name: "octopus", words: ["octopus", "animal"] },
  { emoji: "🎉", name: "party popper", words: ["party", "popper", "tada"] },
  { emoji: "🔥", name: "불", words: ["불", "뜨거운"] },
];
const labels = (text: string, caret = text.length) =>
  completionsAt(text, caret, () => ["Ann", "Annabel", "지우"], NAMES).map(({ label }) => label);

describe("what the word before the caret could become", () => {
  it("is a name that begins like it, in any script and whatever the case", () => {
    expect(labels("hello @an")).toEqual(["@Ann", "@Annabel"]);
    expect(labels("@지")).toEqual(["@지우"]);
    expect(labels("mail@an")).toEqual([]);
  });

  it("is an emoji by its short name first, then by the words of the reader's language, each once", () => {
    expect(labels(":party")).toEqual(["🥳 :party:", "🎉 :party popper:"]);
    expect(labels(":tada")).toEqual(["🎉 :tada:"]);
    expect(labels("an :octo")).toEqual(["🐙 :octopus:"]);
  });

  it("needs one syllable, but two letters", () => {
    expect(labels(":불")).toEqual(["🔥 :불:"]);
    expect(labels(":o")).toEqual([]);
    expect(labels(":")).toEqual([]);
  });

  it("stands for the word up to the caret only", () => {
    const [first] = completionsAt("hi @an there", 6, () => ["Ann"], NAMES);
    expect(first).toMatchObject({ insert: "@Ann ", from: 3, to: 6 });
  });
});
