/** What the calm lane shows and what it skips are together the log, whatever happens and in whatever order. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { StreamSkipped } from "@/lib/contract/types";
import { applySkipped, fillRun, withPosted } from "@/lib/feed/calm-room-state";
import { applyEvent, fromSnapshot, KEEP_NEWEST, type RoomState } from "@/lib/feed/room-state";
import { RUNS_MAX, withRun, type SkippedRun } from "@/lib/feed/skipped-runs";
import { settled } from "../support/fake-clock";
import { created, message, room as roomOf } from "../support/fake-room";
import { livelyFeed, type LivelyFeed } from "../support/lively-feed";

const skipped = (from_seq: number, to_seq: number, messages: number): StreamSkipped => {
  return { from_seq, to_seq, messages, replied_to: [] };
};

/** A room that has shown messages 1 to `count`. */
function shown(count: number, lastSeq = count): RoomState {
  const messages = Array.from({ length: count }, (_, index) => message(index + 1));
  const page = { messages, cursor: count, has_more: false };
  return fromSnapshot(page, roomOf({ last_seq: lastSeq, message_count: lastSeq }));
}

const outline = ({ messages, skippedRuns, seq, messageCount }: RoomState) => ({
  messages: messages.map((each) => each.seq),
  runs: skippedRuns.map(({ fromSeq, toSeq, messages }) => [fromSeq, toSeq, messages]),
  seq,
  messageCount,
});

it("keeps a run in its place, counts its messages and moves the cursor to its end", () => {
  const after = applyEvent(applySkipped(shown(2), skipped(2, 7, 4)), created(message(8)), 0);
  expect(outline(after)).toEqual({ messages: [1, 2, 8], runs: [[2, 7, 4]], seq: 8, messageCount: 7 });
});

it.each([
  ["that the state has passed", skipped(0, 2, 2), { runs: [], seq: 2, messageCount: 2 }],
  ["without messages", skipped(2, 5, 0), { runs: [], seq: 5, messageCount: 2 }],
  ["that the state has reached in part", skipped(0, 6, 5), { runs: [[2, 6, 3]], seq: 6, messageCount: 5 }],
])("handles a run %s", (_, run, expected) => {
  expect(outline(applySkipped(shown(2), run))).toMatchObject(expected);
});

it("does not count messages twice that the room's own count contained", () => {
  expect(outline(applySkipped(shown(2, 4), skipped(2, 7, 5))).messageCount).toBe(4 + 3);
});

it("leaves a run before the first message to the history", () => {
  const after = applySkipped(shown(0), skipped(0, 3, 3));
  expect(after).toMatchObject({ skippedRuns: [], hasOlder: true, seq: 3 });
});

it("drops a run together with the messages before it", () => {
  const state = applySkipped(shown(2), skipped(2, 4, 2));
  const keep = { ...KEEP_NEWEST, capacity: 2 };
  const one = applyEvent(state, created(message(5)), 0, keep);
  expect(outline(one)).toMatchObject({ messages: [2, 5], runs: [[2, 4, 2]] });
  expect(outline(applyEvent(one, created(message(6)), 0, keep))).toMatchObject({
    messages: [5, 6],
    runs: [],
  });
});

it("fills a run from pages, and keeps what they do not reach", () => {
  const state = applySkipped(shown(2), skipped(2, 7, 5));
  const page = (seqs: number[], has_more: boolean, cursor = 7) => ({
    messages: seqs.map((seq) => message(seq)),
    cursor,
    has_more,
  });
  const half = fillRun(state, state.skippedRuns[0] as SkippedRun, page([3, 4], true), [], KEEP_NEWEST);
  expect(outline(half)).toMatchObject({ messages: [1, 2, 3, 4], runs: [[4, 7, 3]], messageCount: 7 });
  const all = fillRun(half, half.skippedRuns[0] as SkippedRun, page([5, 6, 7], false), [], KEEP_NEWEST);
  expect(outline(all)).toMatchObject({ messages: [1, 2, 3, 4, 5, 6, 7], runs: [], messageCount: 7 });
  const old = fillRun(state, state.skippedRuns[0] as SkippedRun, page([3], false, 5), [], KEEP_NEWEST);
  expect(outline(old)).toMatchObject({ messages: [1, 2, 3], runs: [[5, 7, 4]] });
});

it("brings the messages of a run up to date with events that are newer than their page", () => {
  const state = applySkipped(shown(1), skipped(1, 3, 2));
  const deleted = { ...message(2), text: "", deleted: true };
  const deletion = { type: "message.deleted", room_id: "lobby", seq: 4, message: deleted } as const;
  const now = applyEvent(state, deletion, 0);
  const page = { messages: [message(2), message(3)], cursor: 3, has_more: false };
  const filled = fillRun(now, now.skippedRuns[0] as SkippedRun, page, [deletion], KEEP_NEWEST);
  expect(filled.messages.map((each) => each.deleted)).toEqual([false, true, false]);
});

it("places a posted message in the run that skips it, once, and as it is now", () => {
  const own = message(3, { text: "mine" });
  const state = applySkipped(shown(1), skipped(1, 4, 3));
  const purge = {
    type: "messages.purged",
    room_id: "lobby",
    seq: 5,
    author_id: own.author.id,
    up_to_seq: 4,
  } as const;
  const placed = withPosted(state, own, [], KEEP_NEWEST);
  expect(outline(placed)).toEqual({ messages: [1, 3], runs: [[1, 4, 2]], seq: 4, messageCount: 4 });
  expect(withPosted(placed, own, [], KEEP_NEWEST)).toBe(placed);
  const purged = withPosted(applyEvent(state, purge, 0), own, [purge], KEEP_NEWEST);
  expect(purged.messages.at(-1)?.deleted).toBe(true);
});

it("merges the newest runs when there are too many", () => {
  const run = (at: number): SkippedRun => ({ fromSeq: at, toSeq: at + 1, messages: 1, repliedTo: [`${at}`] });
  let runs: readonly SkippedRun[] = [];
  for (let at = 0; at <= RUNS_MAX; at += 1) runs = withRun(runs, run(at));
  expect(runs).toHaveLength(RUNS_MAX);
  expect(runs.at(-1)).toMatchObject({ fromSeq: RUNS_MAX - 1, toSeq: RUNS_MAX + 1, messages: 2 });
});

it("shows the reader's own changes to messages whose events the lane leaves out, and only to those", async () => {
  const { room, feed } = livelyFeed();
  const [sampled, leftOut, deleted] = [
    room.say(),
    room.say({ calm: false }),
    room.say({ calm: false, deleted: true, text: "" }),
  ];
  feed.setLane("calm");
  feed.subscribe(() => undefined);
  await settled();
  for (const each of [sampled, leftOut, deleted]) {
    const edited = { ...each, text: "edited" };
    feed.showOwnChange(each.id, { type: "message.edited", room_id: "lobby", seq: 0, message: edited });
    const about = { room_id: "lobby", seq: 0, message_id: each.id, kind: "heart", count: 2 };
    feed.showOwnChange(each.id, { type: "reaction.changed", ...about, added: [], removed: [] });
  }
  const texts = feed.getSnapshot().room?.messages.map(({ text, reactions }) => [text, reactions["heart"]]);
  expect(texts).toEqual([
    ["text 1", undefined],
    ["edited", 2],
    ["", undefined],
  ]);
});

type Deed = (world: LivelyFeed) => void | Promise<void>;

const named = (name: string, deed: Deed): Deed => Object.assign(deed, { [fc.toStringMethod]: () => name });

const deeds: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 8, arbitrary: fc.nat(999).map((pick) => named(`act ${pick}`, ({ room }) => room.act(pick))) },
  { weight: 3, arbitrary: fc.constant(named("stream opens", ({ room }) => room.openNewest())) },
  { weight: 2, arbitrary: fc.constant(named("the lane reports", ({ room }) => room.flushLive())) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom("calm" as const, "full" as const)
      .map((lane) => named(`${lane} lane`, ({ feed }) => feed.setLane(lane))),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map((graceful) => named("stream ends", ({ room }) => room.breakStream(graceful))),
  },
  {
    weight: 1,
    arbitrary: fc.nat(500).map((from) => named(`repeats from ${from}`, ({ room }) => room.repeat(from))),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(0, 300, 3_000)
      .map((ms) => named(`${ms} ms pass`, ({ clock }) => clock.advance(ms))),
  },
  {
    weight: 2,
    arbitrary: fc.nat(50).map((at) =>
      named(`opens ${at}`, ({ feed }) => {
        const run = feed.getSnapshot().room?.skippedRuns[at];
        if (run !== undefined) void feed.openSkipped(run.fromSeq, run.toSeq);
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .nat(99)
      .map((pick) =>
        named(`posted ${pick}`, ({ room, feed }) =>
          room.messages.slice(-pick - 1, 1 - pick).forEach(feed.showPosted),
        ),
      ),
  },
);

it("rows and skipped runs equal the log, over changes of the lane, resumes and opened runs", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deeds, { maxLength: 80 }), async (plan) => {
      const { room, clock, feed } = livelyFeed();
      room.act(0);
      feed.setLane("calm");
      const close = feed.subscribe(() => undefined);
      await settled();
      for (const deed of plan) {
        await deed({ room, feed, clock });
        await settled();
        const now = feed.getSnapshot().room;
        if (now === null) continue;
        const first = now.messages[0]?.seq ?? now.seq + 1;
        const reached = room.messages.filter(({ seq }) => seq >= first && seq <= now.seq);
        const held = new Set(now.messages.map(({ seq }) => seq));
        const missing = reached.filter(({ seq }) => !held.has(seq));
        expect([...held]).toEqual([...held].sort((a, b) => a - b));
        // Each message that is not held lies in exactly one run, and a run counts what it lacks.
        const inRuns = now.skippedRuns.map(
          ({ fromSeq, toSeq }) => missing.filter(({ seq }) => seq > fromSeq && seq <= toSeq).length,
        );
        expect(inRuns).toEqual(now.skippedRuns.map(({ messages }) => messages));
        expect(inRuns.reduce((sum, count) => sum + count, 0)).toBe(missing.length);
        expect(missing.every(({ calm }) => calm === false)).toBe(true);
        expect(now.messageCount).toBe(room.messages.filter(({ seq }) => seq <= now.seq).length);
      }
      for (let second = 0; second < 60; second += 1) {
        await clock.advance(1_000);
        room.openNewest();
        room.flushLive();
        room.ping();
      }
      const before = feed.getSnapshot().room;
      expect(before?.seq).toBe(room.lastSeq);
      while ((feed.getSnapshot().room?.skippedRuns.length ?? 0) > 0) await feed.openSkipped(0, Infinity);
      const opened = feed.getSnapshot().room;
      const first = opened?.messages[0]?.seq ?? 0;
      const all = room.messages.filter(({ seq }) => seq >= first).map(({ seq }) => seq);
      expect(opened?.messages.map(({ seq }) => seq)).toEqual(all);
      const sampled = (messages: readonly { calm?: false }[]) =>
        messages.filter(({ calm }) => calm !== false);
      expect(sampled(opened?.messages ?? [])).toEqual(
        sampled(room.messages.filter(({ seq }) => seq >= first)),
      );
      close();
    }),
    { numRuns: 150 },
  );
});
