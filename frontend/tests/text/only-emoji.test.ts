import { expect, it } from "vitest";
import { isOnlyEmoji } from "@/lib/text/only-emoji";
import { HOSTILE } from "./hostile";

it.each([
  ["🎉", true],
  ["🎉 🎉", true],
  ["👩‍👩‍👧‍👦👍🏽❤️🇰🇷1️⃣🏳️‍🌈", true],
  ["🎉🎉🎉🎉🎉🎉🎉", false],
  ["🎉!", false],
  ["12", false],
  ["", false],
  [" ", false],
])("%j is only emoji: %s", (text, expected) => {
  expect(isOnlyEmoji(text)).toBe(expected);
});

it.each(Object.entries(HOSTILE))("%s are not", (_name, text) => {
  expect(isOnlyEmoji(text)).toBe(false);
});
