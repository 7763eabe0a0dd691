import { expect, it } from "vitest";
import { nextIndex } from "@/lib/moderation/moderator-keys";

it("moves from item to item, and stops at both ends", () => {
  expect([nextIndex(-1, 1, 3), nextIndex(0, 1, 3), nextIndex(2, 1, 3)]).toEqual([0, 1, 2]);
  expect([nextIndex(2, -1, 3), nextIndex(0, -1, 3), nextIndex(-1, -1, 3)]).toEqual([1, 0, 0]);
  expect(nextIndex(-1, 1, 0)).toBe(-1);
});
