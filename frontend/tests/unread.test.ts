import { expect, it } from "vitest";
import { unread, withRead } from "@/lib/rooms/unread";

it("counts messages, not reactions and edits", () => {
  const read = withRead({}, "lobby", 10);
  expect(unread(read, "lobby", 10)).toBe(0); // last_seq moved by 50, message_count did not
  expect(unread(read, "lobby", 12)).toBe(2);
});

it("is 0 in a room that was never opened", () => {
  expect(unread({}, "lobby", 500)).toBe(0);
});

it("drops the room stored longest ago over the limit", () => {
  let read = {};
  for (let count = 0; count < 600; count += 1) read = withRead(read, `room-${count}`, 1);
  expect(Object.keys(read)).toHaveLength(500);
  expect(read).toHaveProperty("room-599");
});
