import { expect, it } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import { LOOKUP_JITTER_MS, ReplyAuthors } from "@/lib/room-view/reply-authors";
import { FakeClock } from "../support/fake-clock";
import { FakeNetwork } from "../support/fake-network";

it.each<[string, Error, number]>([
  ["was purged", new Problem(404, "message_not_found", ""), 1],
  ["is in a room that refuses the reader", new Problem(403, "forbidden", ""), 1],
  ["cannot be fetched while the browser is offline", unreachable(), 3],
  ["is in a hot room", new Problem(429, "room_hot", "", 2_000), 3],
  ["cannot be read by an older page", new TypeError("undefined"), 3],
])(
  "looks for the author of a message again only if the server may still say: it %s",
  async (_what, refusal, times) => {
    const clock = new FakeClock();
    let lookups = 0;
    const authors = new ReplyAuthors({
      findMessage: () => {
        lookups += 1;
        return Promise.reject(refusal);
      },
      network: new FakeNetwork(clock),
      random: () => 0.5,
    });
    for (let reply = 0; reply < 3; reply += 1) {
      const found = authors.find("message-1");
      await clock.advance(LOOKUP_JITTER_MS);
      expect(await found).toBeNull();
    }
    expect(lookups).toBe(times);
  },
);
