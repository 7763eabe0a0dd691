import { describe, expect, it } from "vitest";
import { plainLine } from "@/lib/text/plain-line";

describe("a message on one line", () => {
  it.each([
    ["Bring friends with **Copy link**.", "Bring friends with Copy link."],
    ["`?` lists ~~no~~ *all* shortcuts", "? lists no all shortcuts"],
    ["> quoted\nanswer", "quoted answer"],
    ["one\ntwo\n\nthree", "one two three"],
    ["[a show](https://example.org/x) tonight", "a show tonight"],
    ["2 * 3 * 4 and <b>no html</b> # no heading", "2 * 3 * 4 and <b>no html</b> # no heading"],
    ["- no list", "- no list"],
  ])("%j", (text, line) => {
    expect(plainLine(text)).toBe(line);
  });

  it("is cut at its limit", () => {
    expect(plainLine("w".repeat(4_000))).toHaveLength(200);
    expect(plainLine("w".repeat(50), 10)).toHaveLength(10);
  });
});
