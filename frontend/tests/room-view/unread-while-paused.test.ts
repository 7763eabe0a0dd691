import { expect, it } from "vitest";
import {
  unreadCounts,
  unreadSince,
  withMessageForMe,
  withoutDeleted,
  type MessageForMe,
} from "@/lib/room-view/unread-while-paused";

const messageOf = (number: number): MessageForMe => ({
  id: `message-${number}`,
  seq: number,
  author: { id: number % 2 === 0 ? "ann" : "bob", nickname: "Ann" },
});

it("does not count messages for the reader that were deleted", () => {
  const unread = [2, 3, 4].map(messageOf).reduce(withMessageForMe, unreadSince({ seq: 1, messageCount: 1 }));
  expect(
    unreadCounts(
      withoutDeleted(unread, ({ author }) => author.id === "ann"),
      null,
    ).forMe,
  ).toBe(1);
  expect(withoutDeleted(unread, ({ id }) => id === "message-9")).toBe(unread);
});

it("counts each message for the reader once, up to a limit", () => {
  let unread = unreadSince({ seq: 1, messageCount: 1 });
  for (let number = 0; number < 1_500; number += 1)
    unread = withMessageForMe(withMessageForMe(unread, messageOf(number)), messageOf(number));
  expect(unreadCounts(unread, null).forMe).toBe(1_000);
});
