import { describe, expect, it } from "vitest";
import { mentions } from "@/lib/text/mentions";
import { CASES } from "./cases";

describe("a text mentions its reader", () => {
  it.each([
    ["hi @Ann", "Ann", true],
    ["@ann: look", "Ann", true],
    ["(@Ann)", "Ann", true],
    ["@Anna is here", "Ann", false],
    ["mail@ann", "Ann", false],
    ["@Hazel Otter 42 hello", "Hazel Otter 42", true],
    ["@지우님 안녕", "지우", true],
    ["no one", "Ann", false],
    ["@", "", false],
    ["`@Ann`", "Ann", false],
    ["```\n@Ann\n```", "Ann", false],
    ["> @Ann\nyes", "Ann", false],
    ["- @Ann\n- @Bob", "Ann", true],
    ["**@Ann**", "Ann", true],
    ["@O’Brien’s turn", "O'Brien", true],
    ["@inci geldi", "İnci", true],
    ["@ibrahim", "İbrahim", true],
    ["@IŞIL, @ışıl", "Işıl", true],
    ["@incir", "İnci", false],
  ])("%j mentions %j: %s", (text, nickname, expected) => {
    expect(mentions(text, nickname)).toBe(expected);
  });

  it("unless a longer name of the room is meant", () => {
    expect(mentions("@Ann Lee, hi", "Ann", () => ["Ann Lee"])).toBe(false);
    expect(mentions("@Ann Lee and @Ann", "Ann", () => ["Ann Lee"])).toBe(true);
    expect(mentions("@민수정님", "민수", () => ["민수정"])).toBe(false);
  });

  it.each(CASES.filter(({ me }) => me !== undefined))("$class: $text", ({ text, drawn, me, people }) => {
    const isCalled = (drawn ?? "").replace(/\{q:.*\}/, "").includes("{me ");
    expect(mentions(text, me ?? "", () => people ?? [])).toBe(isCalled);
  });
});
