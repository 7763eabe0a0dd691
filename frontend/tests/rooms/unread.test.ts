import { expect, it } from "vitest";
import type { RoomUpdated } from "@/lib/contract/types";
import {
  readCountsFromJson,
  readCountsToJson,
  seqsToDiscount,
  unread,
  withRead,
  type ReadCounts,
} from "@/lib/rooms/unread";

const NONE: ReadCounts = new Map();
const INHERITED = ["constructor", "__proto__", "toString", "valueOf"];

it("counts messages, not reactions and edits", () => {
  const read = withRead(NONE, "lobby", 10);
  expect(unread(read, "lobby", 10)).toBe(0); // last_seq moved by 50, message_count did not
  expect(unread(read, "lobby", 12)).toBe(2);
});

it("is 0 in a room that was never opened", () => {
  expect(unread(NONE, "lobby", 500)).toBe(0);
});

it.each(INHERITED)("counts in a room named %s as in any other", (roomId) => {
  expect(unread(NONE, roomId, 500)).toBe(0);
  const read = readCountsFromJson(readCountsToJson(withRead(NONE, roomId, 10)));
  expect(unread(read, roomId, 12)).toBe(2);
});

it.each(["room-", ""])(
  "drops the room read longest ago over the limit, with ids that begin with %j",
  (prefix) => {
    let read = withRead(NONE, "lobby", 1);
    for (let count = 0; count < 600; count += 1)
      read = readCountsFromJson(readCountsToJson(withRead(read, `${prefix}${count}`, 1)));
    expect(read.size).toBe(500);
    expect([read.has("lobby"), read.has(`${prefix}99`), read.has(`${prefix}100`)]).toEqual([
      false,
      false,
      true,
    ]);
  },
);

it("reads the counts that earlier versions stored, and nothing from unreadable text", () => {
  expect([...readCountsFromJson('{"lobby":3,"__proto__":4}')]).toEqual([
    ["lobby", 3],
    ["__proto__", 4],
  ]);
  for (const json of [null, "null", "7", "[1]", "{", '{"lobby":"many"}'])
    expect(readCountsFromJson(json).size).toBe(0);
});

const update = (change: Partial<RoomUpdated>): RoomUpdated => ({
  type: "room.updated",
  room_id: "lobby",
  seq: 9,
  message_count: 9,
  ...change,
});

const last = { author: { id: "bob", nickname: "Bob" }, text: "", created_at: "", deleted: false };
const by = (author_id: string, seq: number, deleted = false) => ({ seq, author_id, deleted });

it("discounts own and deleted messages, wherever they stand in an update", () => {
  const recent = [by("bob", 8, true), by("bob", 9), by("me", 7), by("bob", 6)];
  expect(seqsToDiscount(update({ last_message: { ...last, seq: 9 }, recent }), "me")).toEqual([8, 7]);
  expect(seqsToDiscount(update({ last_message: { ...last, seq: 9 }, recent }), undefined)).toEqual([8]);
});

it("discounts the last message of an update without `recent`, and nothing in an update without messages", () => {
  expect(seqsToDiscount(update({ last_message: { ...last, seq: 9, deleted: true } }), "me")).toEqual([9]);
  expect(seqsToDiscount(update({ last_message: { ...last, seq: 9 } }), "bob")).toEqual([9]);
  expect(seqsToDiscount(update({ last_message: { ...last, seq: 9 } }), "me")).toEqual([]);
  expect(seqsToDiscount(update({}), "me")).toEqual([]);
});
