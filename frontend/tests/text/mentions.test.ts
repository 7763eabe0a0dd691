import { expect, it } from "vitest";
import { mentions } from "@/lib/text/words";

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
])("%j mentions %j: %s", (text, nickname, expected) => {
  expect(mentions(text, nickname)).toBe(expected);
});
