import { expect, it } from "vitest";
import { ROOM_SEARCH_MAX, roomSearch } from "@/lib/rooms/room-search";

it.each([
  ["", ""],
  ["  quiet corner ", "quiet corner"],
  ["cafe\u0301", "caf\u00e9"],
  ["\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"],
  ["a\ud800b\u0007", "ab"],
])("finds names by what was typed: %j", (typed, query) => {
  expect(roomSearch(typed)).toEqual({ query, problem: null });
});

it.each(["x", "😀", "한", "e\u0301"])("takes as many characters as the server: %j", (character) => {
  const whole = character.repeat(ROOM_SEARCH_MAX);
  expect(roomSearch(whole).problem).toBeNull();
  expect(roomSearch(`${whole}${character.repeat(3)}`).problem).toEqual({
    kind: "length",
    max: ROOM_SEARCH_MAX,
    remove: 3,
  });
});
