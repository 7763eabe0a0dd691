/** A reader who returns to the newest messages while a page of history is still loading. */
import { expect, it } from "vitest";
import { Problem } from "@/lib/api/problem";
import { settled } from "../support/fake-clock";
import { livelyFeed } from "../support/lively-feed";

it("stays at the newest messages when the page arrives", async () => {
  const { room, clock, feed } = livelyFeed();
  for (let act = 0; act < 300; act += 1) room.act(act * 7);
  const close = feed.subscribe(() => undefined);
  await settled();
  const newestSeq = feed.getSnapshot().room?.messages.at(-1)?.seq;
  expect(newestSeq).toBeGreaterThan(50);
  room.refusals.push(new Problem(429, "room_hot", "This room is hot", 3_000));
  void feed.loadAround(1);
  await settled();
  expect(feed.getSnapshot().older.status).toBe("throttled");
  feed.leaveHistory();
  expect(feed.getSnapshot().older.status).toBe("idle");
  await clock.advance(10_000);
  expect(feed.getSnapshot().room?.isCutOff).toBe(false);
  expect(feed.getSnapshot().room?.messages.at(-1)?.seq).toBe(newestSeq);
  close();
});
