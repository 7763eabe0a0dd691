/** Whatever a stream, a server and a reader do, and in whatever order, the feed converges to the room. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Problem } from "@/lib/api/problem";
import { KEEP_NEWEST } from "@/lib/feed/room-state";
import { settled } from "../support/fake-clock";
import { livelyFeed, type LivelyFeed } from "../support/lively-feed";

const CAPACITY = 120;
const HOT = new Problem(429, "room_hot", "This room is hot", 3_000);
const AWAY = new Problem(0, "unreachable", "");

type Deed = (world: LivelyFeed) => void | Promise<void>;

const named = (name: string, deed: Deed): Deed => Object.assign(deed, { [fc.toStringMethod]: () => name });

const deeds: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(999).map((pick) => named(`act ${pick}`, ({ room }) => room.act(pick))) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 100, max: 700 }).map((count) =>
      named(`${count} acts`, ({ room }) => {
        for (let act = 0; act < count; act += 1) room.act(act * 7);
      }),
    ),
  },
  { weight: 3, arbitrary: fc.constant(named("stream opens", ({ room }) => room.openNewest())) },
  {
    weight: 2,
    arbitrary: fc.boolean().map((graceful) => named("stream ends", ({ room }) => room.breakStream(graceful))),
  },
  { weight: 1, arbitrary: fc.constant(named("gap", ({ room }) => room.gap())) },
  {
    weight: 2,
    arbitrary: fc.nat(500).map((from) => named(`repeats from ${from}`, ({ room }) => room.repeat(from))),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(HOT, AWAY)
      .map((problem) => named(`refuse ${problem.code}`, ({ room }) => void room.refusals.push(problem))),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(0, 300, 6_000, 17_000, 41_000)
      .map((ms) => named(`${ms} ms pass`, ({ clock }) => clock.advance(ms))),
  },
  {
    weight: 2,
    arbitrary: fc.nat(100).map((share) =>
      named(`reads at ${share} %`, ({ feed }) => {
        const messages = feed.getSnapshot().room?.messages ?? [];
        const first = messages[Math.floor((messages.length * share) / 101)]?.seq ?? 0;
        feed.keep({ capacity: CAPACITY, keepFromSeq: first });
      }),
    ),
  },
  { weight: 1, arbitrary: fc.constant(named("network returns", ({ feed }) => feed.retryNow())) },
  { weight: 1, arbitrary: fc.constant(named("ping", ({ room }) => room.ping())) },
  { weight: 1, arbitrary: fc.constant(named("older", ({ feed }) => void feed.loadOlder())) },
  { weight: 1, arbitrary: fc.constant(named("newer", ({ feed }) => void feed.loadNewer())) },
  {
    weight: 1,
    arbitrary: fc.nat(400).map((seq) => named(`around ${seq}`, ({ feed }) => void feed.loadAround(seq + 1))),
  },
);

function isOrdered(seqs: readonly number[]): boolean {
  return seqs.every((seq, index) => index === 0 || seq > (seqs[index - 1] ?? 0));
}

it("the feed converges to a fresh snapshot, whatever happens", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deeds, { maxLength: 60 }), async (plan) => {
      const { room, clock, feed } = livelyFeed();
      feed.keep({ ...KEEP_NEWEST, capacity: CAPACITY });
      const close = feed.subscribe(() => undefined);
      for (const deed of plan) {
        await deed({ room, feed, clock });
        await settled();
        const seqs = feed.getSnapshot().room?.messages.map(({ seq }) => seq) ?? [];
        expect(isOrdered(seqs)).toBe(true);
      }

      // Everything works again, and the reader goes to the newest message.
      room.refusals = [];
      feed.keep({ ...KEEP_NEWEST, capacity: CAPACITY });
      feed.leaveHistory();
      const now = feed.getSnapshot().room;
      if (now?.isCutOff === true || now?.isStale === true) feed.reload();
      for (let second = 0; second < 90; second += 1) {
        await clock.advance(1_000);
        room.openNewest();
        room.ping();
        if (second % 30 === 0) feed.retryNow();
      }
      const state = feed.getSnapshot();
      expect(state.connection).toEqual({ status: "live" });
      const first = state.room?.messages[0]?.seq ?? room.lastSeq + 1;
      expect(state.room?.seq).toBe(room.lastSeq);
      expect(state.room?.pinned).toEqual(room.pinned);
      expect(state.room?.messageCount).toBe(room.messages.length);
      expect(state.room?.messages).toEqual(room.messages.filter(({ seq }) => seq >= first));
      expect(state.room?.messages.length).toBeGreaterThanOrEqual(Math.min(50, room.messages.length));
      expect(state.room?.messages.length).toBeLessThanOrEqual(CAPACITY);
      close();
    }),
    { numRuns: 150 },
  );
});
