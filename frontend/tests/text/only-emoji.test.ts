import { expect, it } from "vitest";
import { isOnlyEmoji } from "@/lib/text/only-emoji";
import { CASES } from "./cases";
import { HOSTILE } from "./hostile";

it.each(CASES)("$class: $text is only emoji or not", ({ text, only_emoji: expected = false }) => {
  expect(isOnlyEmoji(text)).toBe(expected);
});

it.each(["", " ", "🎉🎉🎉🎉🎉🎉🎉", "❤\ufe0e"])("%j is not only emoji", (text) => {
  expect(isOnlyEmoji(text)).toBe(false);
});

it.each(Object.entries(HOSTILE))("%s are not", (_name, text) => {
  expect(isOnlyEmoji(text)).toBe(false);
});
