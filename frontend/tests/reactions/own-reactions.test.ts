import { expect, it } from "vitest";
import type { RoomEvent } from "@/lib/contract/types";
import { MARKED_MAX, OwnReactions } from "@/lib/reactions/own-reactions";
import { checkedApi } from "../support/contract";

const answers = { mine: () => Promise.resolve({ mine: {} }), react: () => Promise.resolve(1) };
const api = checkedApi(answers);
const changed = (message_id: string, change: { added?: string[]; removed?: string[] }): RoomEvent => ({
  type: "reaction.changed",
  room_id: "lobby",
  seq: 1,
  message_id,
  kind: "heart",
  count: 1,
  added: [],
  removed: [],
  ...change,
});

it("keeps no entry for a message without an own reaction", async () => {
  const own = new OwnReactions("lobby", api);
  await own.toggle("a", "heart");
  expect([...own.getSnapshot().mine.keys()]).toEqual(["a"]);
  own.onEvent(changed("a", { removed: ["me"] }), "me");
  expect(own.getSnapshot().mine.size).toBe(0);
  expect(own.getSnapshot().pending.size).toBe(0);
});

it("drops the mark set longest ago over the limit", async () => {
  const marks = Object.fromEntries(
    Array.from({ length: MARKED_MAX }, (_, index) => [`m${index}`, ["heart"]]),
  );
  const own = new OwnReactions(
    "lobby",
    checkedApi({ ...answers, mine: () => Promise.resolve({ mine: marks }) }),
  );
  await own.load(1, MARKED_MAX);
  own.onEvent(changed("m0", { added: ["me"] }), "me");
  own.onEvent(changed("new", { added: ["me"] }), "me");
  const { mine } = own.getSnapshot();
  expect(mine.size).toBe(MARKED_MAX);
  expect([mine.has("m0"), mine.has("m1"), mine.has("new")]).toEqual([true, false, true]);
});
