import { expect, it } from "vitest";
import { unreadCounts, unreadSince, withMessageForMe } from "@/lib/room-view/unread-while-paused";

it("counts each message for the reader once, up to a limit", () => {
  let unread = unreadSince({ seq: 1, messageCount: 1 });
  for (let number = 0; number < 1_500; number += 1)
    unread = withMessageForMe(withMessageForMe(unread, `message-${number}`), `message-${number}`);
  expect(unreadCounts(unread, null).forMe).toBe(1_000);
});
