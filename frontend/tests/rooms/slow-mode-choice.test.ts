import { expect, it } from "vitest";
import type { SlowMode } from "@/lib/contract/types";
import { chosenOf, fieldOf, patchOf, withField } from "@/lib/rooms/slow-mode-choice";

const OFF: SlowMode = { mode: "off", seconds: 0, target_posts_per_s: null };
const FIXED: SlowMode = { mode: "fixed", seconds: 45, target_posts_per_s: null };
const AUTO: SlowMode = { mode: "auto", seconds: 0, target_posts_per_s: 7 };

it.each([
  [null, "off", { mode: "off" }],
  [OFF, "off", { mode: "off" }],
  [FIXED, "45", { mode: "fixed", seconds: 45 }],
  [AUTO, "auto", { mode: "auto", target_posts_per_s: 7 }],
])("shows and sends what a room has", (slowMode, field, patch) => {
  const chosen = chosenOf(slowMode);
  expect(fieldOf(chosen)).toBe(field);
  expect(patchOf(chosen)).toEqual(patch);
  expect(withField(chosen, field)).toEqual(chosen);
});

it.each([
  [FIXED, "off", { mode: "off" }],
  [FIXED, "auto", { mode: "auto", target_posts_per_s: 3 }],
  [OFF, "30", { mode: "fixed", seconds: 30 }],
])("sends what was chosen", (slowMode, field, patch) => {
  expect(patchOf(withField(chosenOf(slowMode), field))).toEqual(patch);
});
