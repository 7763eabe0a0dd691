import { beforeEach, describe, expect, it, vi } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import type { RoomFeed } from "@/lib/feed/room-feed";
import { HIDDEN_STORE_MESSAGES, STORE_MESSAGES } from "@/lib/feed/room-state";
import type { Draft, Message } from "@/lib/contract/types";
import { Outbox } from "@/lib/outbox/outbox";
import { IgnoredPeople } from "@/lib/people/ignored-people";
import { LOOKUP_JITTER_MS, LOOKUPS_MAX } from "@/lib/room-view/reply-authors";
import { REFRESH_MS, RoomView } from "@/lib/room-view/room-view";
import { CALM_FOR_MS, CROWDED_FOR_MS, CROWDED_FROM_PER_S } from "@/lib/room-view/row-density";
import { checkedApi } from "../support/contract";
import { FakeClock, settled } from "../support/fake-clock";
import { MemoryStorage } from "../support/memory-storage";
import { memoryOutboxStore } from "../support/memory-outbox-store";
import { FakeNetwork } from "../support/fake-network";
import { FakeRoom, feedOf } from "../support/fake-room";

const FRAME_MS = 16;
const LEFT_OUT = { calm: false } as const;
/** Who wrote the messages that are not loaded. */
const AUTHORS = new Map([
  ["of mina", { id: "id-of-mina", nickname: "Mina" }],
  ["of ann", { id: "id-of-ann", nickname: "ann" }],
]);
const MINA = { id: "id-of-mina", nickname: "Mina" };

let room: FakeRoom;
let clock: FakeClock;
let network: FakeNetwork;
let feed: RoomFeed;
let view: RoomView;
let outbox: Outbox;
let answerPost: () => void;
let searched: string[];
let refusals: Problem[];
let commitsAtMs: number[];
let storedIds: string[];
let lookedUp: string[];
let ignored: IgnoredPeople;

beforeEach(async () => {
  room = new FakeRoom();
  clock = new FakeClock();
  network = new FakeNetwork(clock);
  searched = [];
  refusals = [];
  commitsAtMs = [];
  storedIds = ["of yesterday"];
  lookedUp = [];
  vi.stubGlobal("localStorage", new MemoryStorage());
  ignored = new IgnoredPeople();
  const random = () => 0.5;
  feed = feedOf(room, clock);
  outbox = new Outbox({
    store: memoryOutboxStore(),
    api: checkedApi({
      post: (_roomId: string, draft: Draft) =>
        new Promise<Message>((answer) => (answerPost = () => answer(postedBy(draft.text)))),
    }),
    clock,
    random,
    userId: () => "me",
    sessionIsOver: () => undefined,
    asUser: (_userId, work) => work(),
    exclusively: (_name, work) => work(),
    announceDone: () => undefined,
  });
  view = new RoomView({
    roomId: "lobby",
    feed,
    outbox,
    clock,
    network,
    random,
    nextFrame: (call) => clock.after(FRAME_MS, call),
    startOfDay: (timeMs) => timeMs - (timeMs % 86_400_000),
    findMentions: (nickname, afterSeq) => {
      searched.push(`${nickname} after ${afterSeq}`);
      if (refusals.length > 0) return Promise.reject(refusals.shift() ?? new Error());
      const found = room.messages.filter(({ text }) => text.includes(`@${nickname}`));
      return Promise.resolve(found.toReversed());
    },
    findMessage: (id) => {
      lookedUp.push(id);
      const author = AUTHORS.get(id);
      return author === undefined ? Promise.reject(unreachable()) : Promise.resolve({ author });
    },
    ownMessages: {
      ids: (userId) => (userId === MINA.id ? storedIds : []),
      add: (_userId, messageId) => void storedIds.push(messageId),
    },
    ignored,
  });
  view.setViewer(MINA);
  postedBy = (text) => room.say({ id: "posted", author: MINA, text });
  room.say();
  view.subscribe(() => commitsAtMs.push(clock.now()));
  await settled();
  room.openLast();
  await clock.advance(2_000);
  commitsAtMs = [];
});

/** Evenly, over so many seconds. The writer leaves out most of a busy room. */
async function crowd(perS: number, seconds: number): Promise<void> {
  const sampledEach = Math.max(1, Math.round(perS / 3));
  for (let said = 0; said < perS * seconds; said += 1) {
    const mark = said % sampledEach === 0 ? {} : LEFT_OUT;
    room.say({ created_at: new Date(clock.now()).toISOString(), ...mark });
    await clock.advance(1_000 / perS);
  }
}

function sayMany(count: number): void {
  for (let said = 0; said < count; said += 1) room.say();
}

/** How the server takes a post; usually its event goes out at once. */
let postedBy: (text: string) => Message;

const messages = () => feed.getSnapshot().room?.messages ?? [];
const firstLeftOut = (): Message => {
  const shown = rowSeqs();
  const leftOut = room.messages.find(({ seq }) => !shown.includes(seq));
  if (leftOut === undefined) throw new Error("everything is shown");
  return leftOut;
};
const pin = (message: Message) =>
  room.change({ type: "message.pinned", room_id: "lobby", seq: (room.lastSeq += 1), message });
const rowSeqs = () =>
  view.getSnapshot().rows.flatMap((row) => (row.kind === "message" ? [row.message.seq] : []));

describe("commits", () => {
  it("happen at most four times a second above 20 messages a second, while the store applies each event at once", async () => {
    await crowd(200, 2);
    commitsAtMs = [];
    await crowd(200, 5);
    const apart = commitsAtMs.slice(1).map((atMs, index) => atMs - (commitsAtMs[index] ?? 0));
    expect(Math.min(...apart)).toBeGreaterThanOrEqual(250);
    expect(commitsAtMs.length).toBeGreaterThan(15);
    room.say();
    expect(messages().at(-1)?.seq).toBe(room.lastSeq);
  });

  it("happen once a frame below that, for any number of events within it", async () => {
    sayMany(3);
    await clock.advance(FRAME_MS);
    expect(commitsAtMs).toHaveLength(1);
    expect(rowSeqs().at(-1)).toBe(4);
  });

  it("are fewer when the app is slow", async () => {
    await crowd(200, 2);
    view.setSlowed(true);
    await clock.advance(FRAME_MS);
    commitsAtMs = [];
    await crowd(200, 6);
    expect(commitsAtMs.length).toBeLessThanOrEqual(6_000 / 600 + 1);
    expect(view.getSnapshot().isSlowed).toBe(true);
  });

  it("lower the shown rate after the last message", async () => {
    await crowd(200, 2);
    expect(view.getSnapshot().messagesPerS).toBeGreaterThan(100);
    await clock.advance(4_000);
    expect(view.getSnapshot().messagesPerS).toBe(0);
  });
});

describe("the store", () => {
  it("holds 2,000 messages and drops the oldest while the reader is at the newest", () => {
    sayMany(2_500);
    expect(messages()).toHaveLength(STORE_MESSAGES);
    expect(messages().at(-1)?.seq).toBe(room.lastSeq);
  });

  it("never drops visible messages, and drops the newest instead", async () => {
    sayMany(100);
    await clock.advance(1_000);
    view.dispatchPause({ type: "began", reason: "scroll" });
    view.setFirstVisible(80);
    const before = rowSeqs();
    sayMany(5_000);
    await clock.advance(1_000);
    expect(messages()).toHaveLength(STORE_MESSAGES);
    expect(rowSeqs()).toEqual(before.filter((seq) => seq >= 80));
    expect(view.getSnapshot().unread.messages).toBe(5_000);
    view.dispatchPause({ type: "back-to-newest" });
    await settled();
    room.openLast();
    await clock.advance(FRAME_MS);
    expect(messages().at(-1)?.seq).toBe(room.lastSeq);
  });

  it("keeps the visible messages when a gap brings a new latest page, until the reader returns to it", async () => {
    sayMany(100);
    await clock.advance(1_000);
    view.dispatchPause({ type: "began", reason: "scroll" });
    view.setFirstVisible(80);
    const before = rowSeqs();
    const { listener } = room.stream;
    room.streams = [];
    sayMany(3_000);
    listener.gap({ from_seq: 101, to_seq: room.lastSeq });
    await settled();
    room.openLast();
    await clock.advance(FRAME_MS);
    expect(rowSeqs()).toEqual(before);
    expect(view.getSnapshot().unread.messages).toBe(3_000);
    view.dispatchPause({ type: "back-to-newest" });
    await settled();
    await clock.advance(FRAME_MS);
    expect(messages()).toEqual(room.page({}).messages);
  });

  it("takes no more history than its capacity while the reader is at the newest", async () => {
    sayMany(2_500);
    await feed.loadOlder();
    expect(messages()).toHaveLength(STORE_MESSAGES);
    expect(feed.getSnapshot().room).toMatchObject({ isCutOff: false, hasOlder: true });
    room.say();
    expect(messages().at(-1)?.seq).toBe(room.lastSeq);
  });
});

describe("a hidden tab", () => {
  it("renders nothing, keeps 500 messages, counts mentions, and summarizes both when shown again", async () => {
    view.setHidden(true);
    sayMany(1_200);
    room.say({ text: "are you there @Mina?" });
    sayMany(799);
    await clock.advance(5_000);
    expect(commitsAtMs).toEqual([]);
    expect(messages()).toHaveLength(HIDDEN_STORE_MESSAGES);
    view.setHidden(false);
    expect(view.getSnapshot().away).toEqual({ messages: 2_000, mentions: 1, fromSeq: 1 });
    expect(rowSeqs().at(-1)).toBe(room.lastSeq);
  });

  it("that missed little shows the messages without a summary", async () => {
    view.setHidden(true);
    sayMany(499);
    await clock.advance(5_000);
    view.setHidden(false);
    expect(view.getSnapshot().away).toBeNull();
  });

  it("knows which messages were the reader's before it was shown", () => {
    view.setHidden(true);
    room.say({ id: "own", author: MINA });
    view.setViewer(null);
    view.setViewer(MINA);
    expect(view.isForMe(room.say({ reply_to: "own" }))).toBe(true);
    expect(view.isForMe(room.say({ reply_to: "message-1" }))).toBe(false);
  });

  it("knows a reply to a message that this browser has seen before, but not loaded", () => {
    expect(view.isForMe(room.say({ reply_to: "of yesterday" }))).toBe(true);
    room.say({ id: "of today", author: MINA });
    room.say({ id: "of somebody" });
    expect(storedIds).toEqual(["of yesterday", "of today"]);
  });

  it("learns that a reply to a message which this browser has never seen is for the reader", async () => {
    const found: number[] = [];
    view.onFoundForMe(({ seq }) => found.push(seq));
    view.setHidden(true);
    const reply = room.say({ text: "a reply", reply_to: "of mina" });
    room.say({ text: "another reply", reply_to: "of ann" });
    room.say({ text: "a reply to what is gone", reply_to: "gone" });
    room.say({ text: "a reply to a loaded one", reply_to: "message-1" });
    expect(view.isForMe(reply)).toBe(false);
    await clock.advance(LOOKUP_JITTER_MS);
    expect(lookedUp).toEqual(["of mina", "of ann", "gone"]);
    expect([found, view.isForMe(reply)]).toEqual([[reply.seq], true]);
    expect(storedIds).toContain("of mina");
    room.say({ text: "once more", reply_to: "of ann" });
    await clock.advance(LOOKUP_JITTER_MS);
    expect([lookedUp.length, found.length]).toEqual([3, 1]);
    view.setHidden(false);
    await clock.advance(FRAME_MS);
    expect(view.getSnapshot().rows.filter((row) => row.kind === "message" && row.isForMe)).toHaveLength(1);
  });

  it("does not look up replies in a hot room, nor more than a few at a time, nor for a reader without a session", async () => {
    for (let said = 0; said < 20; said += 1) room.say({ reply_to: `unknown ${said}` });
    await clock.advance(LOOKUP_JITTER_MS);
    expect(lookedUp).toHaveLength(LOOKUPS_MAX);
    room.send({ type: "room.heat", room_id: "lobby", heat: { hot: true, since: null, fetches_per_s: 9 } });
    room.say({ reply_to: "of mina" });
    room.send({ type: "room.heat", room_id: "lobby", heat: { hot: false, since: null, fetches_per_s: 0 } });
    view.setViewer(null);
    room.say({ reply_to: "of mina" });
    await clock.advance(LOOKUP_JITTER_MS);
    expect(lookedUp).toHaveLength(LOOKUPS_MAX);
  });

  it("keeps a paused list in place", async () => {
    sayMany(100);
    await clock.advance(1_000);
    view.dispatchPause({ type: "began", reason: "scroll" });
    view.setFirstVisible(80);
    view.setHidden(true);
    sayMany(3_000);
    view.setHidden(false);
    expect(rowSeqs()).toContain(80);
    expect(view.getSnapshot().unread.messages).toBe(3_000);
  });
});

describe("a reader more than 500 events behind", () => {
  async function sleepThrough(said: () => void): Promise<void> {
    const { listener } = room.stream;
    room.streams = [];
    said();
    listener.closed(false);
    await clock.advance(1_000);
    room.openLast();
    await clock.advance(FRAME_MS);
  }

  it("gets the latest page and a count of missed messages, and later of mentions", async () => {
    await sleepThrough(() => {
      sayMany(1_000);
      room.say({ text: "@Mina look" });
      room.say({ text: "@Minamoto is somebody else" });
      sayMany(1_000);
    });
    expect(rowSeqs()).toHaveLength(50);
    expect(view.getSnapshot().away).toEqual({ messages: 2_002, mentions: 0, fromSeq: 1 });
    expect(searched).toEqual([]);
    await clock.advance(5_000);
    expect(searched).toEqual(["Mina after 1"]);
    expect(view.getSnapshot().away).toEqual({ messages: 2_002, mentions: 1, fromSeq: 1 });
  });

  it("gets the count of mentions after a refused search was repeated", async () => {
    refusals = [
      new Problem(429, "room_hot", "hot", 10_000),
      new Problem(503, "store_unavailable", "down", 1_000),
    ];
    await sleepThrough(() => {
      sayMany(520);
      for (let said = 0; said < 3; said += 1) room.say({ text: "@Mina look" });
    });
    await clock.advance(12_000);
    expect(searched).toHaveLength(1);
    await clock.advance(12_000);
    expect(searched).toHaveLength(3);
    expect(view.getSnapshot().away).toEqual({ messages: 523, mentions: 3, fromSeq: 1 });
  });

  it("gets the count of mentions as soon as the network returns", async () => {
    refusals = [unreachable()];
    await sleepThrough(() => {
      sayMany(520);
      room.say({ text: "@Mina look" });
    });
    await clock.advance(5_000);
    expect(searched).toHaveLength(1);
    network.return();
    await settled();
    expect(searched).toHaveLength(2);
    await clock.advance(FRAME_MS);
    expect(view.getSnapshot().away).toMatchObject({ mentions: 1 });
  });

  it("sees them on a click", async () => {
    await sleepThrough(() => sayMany(2_000));
    const { away } = view.getSnapshot();
    const jumped = view.jumpTo(away?.fromSeq ?? 0);
    view.dismissAway();
    await jumped;
    expect(rowSeqs()).toContain(2);
    expect(view.getSnapshot().away).toBeNull();
  });
});

describe("a message that is always shown", () => {
  it("is an own one, a mention, a reply to the reader, or one that the writer has not marked", async () => {
    room.say({ id: "mine", author: MINA });
    await crowd(200, 2);
    const shown = [
      room.say({ author: MINA, ...LEFT_OUT }),
      room.say({ text: "hello @mina", ...LEFT_OUT }),
      room.say({ reply_to: "mine", ...LEFT_OUT }),
      room.say(),
    ].map(({ seq }) => seq);
    await crowd(200, 2);
    expect(rowSeqs()).toEqual(expect.arrayContaining(shown));
    expect(rowSeqs().length).toBeLessThan(20);
  });

  it("is a pinned one, in its own place", async () => {
    await crowd(200, 2);
    pin(firstLeftOut());
    await clock.advance(1_000);
    const [pinned] = room.pinned;
    expect(rowSeqs()).toContain(pinned?.seq);
    expect(rowSeqs()).toEqual(rowSeqs().toSorted((a, b) => a - b));
    const row = view.getSnapshot().rows.find((each) => each.key === pinned?.id);
    expect(row).toMatchObject({ isPinned: true });
  });

  it("is a pinned one only after a paused list resumes", async () => {
    await crowd(200, 2);
    view.dispatchPause({ type: "began", reason: "history" });
    const before = rowSeqs();
    pin(firstLeftOut());
    await clock.advance(1_000);
    expect(rowSeqs()).toEqual(before);
    view.dispatchPause({ type: "back-to-newest" });
    expect(rowSeqs()).toContain(room.pinned[0]?.seq);
  });

  it('is any one at the reading pace "all"', async () => {
    await crowd(200, 2);
    view.setReadingPace("all");
    await clock.advance(FRAME_MS);
    expect(rowSeqs()).toHaveLength(401);
  });

  it("is a left-out one after it was opened", async () => {
    await crowd(200, 3);
    const rows = view.getSnapshot().rows.flatMap((row) => (row.kind === "message" ? [row] : []));
    const crowded = rows.find((row) => (row.leftOut?.count ?? 0) > 10);
    expect(crowded?.leftOut).toBeDefined();
    const { afterSeq, count } = crowded?.leftOut ?? { afterSeq: 0, count: 0 };
    await view.open(afterSeq);
    const opened = Array.from({ length: count }, (_, index) => afterSeq + 1 + index);
    expect(rowSeqs()).toEqual(expect.arrayContaining(opened));
  });
});

it("counts no mention as unread whose message was deleted or purged", async () => {
  view.dispatchPause({ type: "began", reason: "history" });
  const mention = { text: `@${MINA.nickname}` };
  const deleted = room.say(mention);
  const purged = room.say({ ...mention, author: { id: "id-of-mallory", nickname: "mallory" } });
  room.say(mention);
  await clock.advance(2_000);
  expect(view.getSnapshot().unread.forMe).toBe(3);
  const seq = () => (room.lastSeq += 1);
  room.change({
    type: "message.deleted",
    room_id: "lobby",
    seq: seq(),
    message: { ...deleted, text: "", deleted: true },
  });
  await clock.advance(2_000);
  expect(view.getSnapshot().unread.forMe).toBe(2);
  room.change({
    type: "messages.purged",
    room_id: "lobby",
    seq: seq(),
    author_id: purged.author.id,
    up_to_seq: purged.seq,
  });
  await clock.advance(2_000);
  expect(view.getSnapshot().unread.forMe).toBe(1);
});

describe("what the calm lane skips", () => {
  const rowOf = (seq: number) =>
    view
      .getSnapshot()
      .rows.find((row) => row.kind === "message" && row.message.seq === seq && row.post === null);
  const leftOutAfter = (seq: number) => {
    const row = rowOf(seq);
    return row?.kind === "message" ? row.leftOut : null;
  };
  const sayInLane = () => room.say(LEFT_OUT);

  beforeEach(() => {
    feed.setLane("calm");
    room.openLast();
  });

  it("is counted in place, in the rate and as unread, and opens with one bounded fetch", async () => {
    view.dispatchPause({ type: "began", reason: "history" });
    const first = room.say();
    for (let count = 0; count < 40; count += 1) sayInLane();
    room.say();
    await clock.advance(1_000);
    expect(view.getSnapshot().unread).toEqual({ messages: 42, forMe: 0 });
    expect(view.getSnapshot().messagesPerS).toBeGreaterThan(30);
    view.dispatchPause({ type: "back-to-newest" });
    expect(leftOutAfter(first.seq)).toEqual({ count: 40, afterSeq: first.seq, hasReplies: false });
    room.fetches = [];
    await view.open(first.seq);
    expect(room.fetches).toEqual([{ after_seq: first.seq }]);
    expect(rowSeqs().slice(-42)).toEqual(room.messages.slice(-42).map(({ seq }) => seq));
    expect(leftOutAfter(first.seq)).toBeNull();
    expect(view.getSnapshot().isPaused).toBe(true);
  });

  it("stays skipped when the server refuses the fetch, and the caller learns why", async () => {
    const first = room.say();
    sayInLane();
    room.say();
    await clock.advance(1_000);
    const hot = new Problem(429, "room_hot", "This room is hot", 3_000);
    room.refusals = [hot];
    await expect(view.open(first.seq)).rejects.toBe(hot);
    expect(leftOutAfter(first.seq)?.count).toBe(1);
    await view.open(first.seq);
    expect(leftOutAfter(first.seq)).toBeNull();
  });

  it("does not change what a paused list shows", async () => {
    const first = room.say();
    sayInLane();
    room.flushRun();
    await clock.advance(1_000);
    view.dispatchPause({ type: "began", reason: "history" });
    sayInLane();
    room.say();
    await clock.advance(1_000);
    expect(leftOutAfter(first.seq)?.count).toBe(1);
    view.dispatchPause({ type: "back-to-newest" });
    expect(leftOutAfter(first.seq)?.count).toBe(2);
  });

  it("is for the reader if it replies to them", async () => {
    const first = room.say();
    view.dispatchPause({ type: "began", reason: "history" });
    const run = { from_seq: first.seq, to_seq: first.seq + 5, messages: 5 };
    room.stream.listener.skipped({ ...run, replied_to: ["id-of-ann", MINA.id] });
    await clock.advance(1_000);
    expect(view.getSnapshot().unread).toEqual({ messages: 6, forMe: 1 });
    view.dispatchPause({ type: "back-to-newest" });
    expect(leftOutAfter(first.seq)?.hasReplies).toBe(true);
  });

  it("contains changes of messages in view, which are then loaded again, once for any number of runs", async () => {
    const [sampled, opened] = [room.say(), sayInLane()];
    room.say();
    await clock.advance(1_000);
    await view.open(sampled.seq);
    view.setFirstVisible(sampled.seq);
    room.fetches = [];
    for (const count of [1, 2, 3]) {
      const about = {
        room_id: "lobby",
        seq: (room.lastSeq += 1),
        message_id: opened.id,
        kind: "heart",
        count,
      };
      room.change({ type: "reaction.changed", calm: false, ...about, added: [], removed: [] });
      room.flushRun();
    }
    const reactions = () => messages().find(({ id }) => id === opened.id)?.reactions;
    expect(reactions()).toEqual({});
    await clock.advance(2 * REFRESH_MS);
    expect(reactions()).toEqual({ heart: 3 });
    expect(room.fetches.filter((fetched) => fetched !== "events")).toEqual([{ after_seq: opened.seq - 1 }]);
  });

  it.each(["before", "after"])(
    "is never a message of the reader: its post is confirmed once, answered %s the run",
    async (order) => {
      room.say();
      outbox.add({ roomId: "lobby", clientId: "client-1", text: "mine", replyTo: null });
      await clock.advance(100);
      const own = room.say({ id: "posted", author: MINA, text: "mine", ...LEFT_OUT });
      const answer = () => {
        postedBy = () => own;
        answerPost();
      };
      if (order === "before") answer();
      await clock.advance(100);
      sayInLane();
      room.say();
      await clock.advance(1_000);
      if (order === "after") answer();
      await clock.advance(1_000);
      const mine = view
        .getSnapshot()
        .rows.flatMap((row) => (row.kind === "message" && row.isMine ? [row] : []));
      expect(mine.map(({ message, post, key }) => [message.seq, post, key])).toEqual([
        [own.seq, null, "client-1"],
      ]);
      expect(outbox.getSnapshot().posts).toEqual([]);
      expect(leftOutAfter(own.seq - 1)?.count).toBe(1);
      expect(feed.getSnapshot().room?.messageCount).toBe(room.messages.length);
    },
  );
});

describe("an ignored person", () => {
  const MALLORY = { id: "id-of-mallory", nickname: "mallory" };
  const hasRow = (id: string) =>
    view.getSnapshot().rows.some((row) => row.kind === "message" && row.message.id === id);

  it("has no rows while they are ignored, whatever the reading pace, and all of them afterwards", async () => {
    const before = room.say({ author: MALLORY });
    await clock.advance(2_000);
    expect(hasRow(before.id)).toBe(true);
    ignored.ignore(MALLORY);
    view.setReadingPace("all");
    const during = room.say({ author: MALLORY });
    const other = room.say();
    await clock.advance(2_000);
    expect([before, during, other].map(({ id }) => hasRow(id))).toEqual([false, false, true]);
    ignored.stopIgnoring(MALLORY.id);
    await clock.advance(2_000);
    expect([before, during, other].map(({ id }) => hasRow(id))).toEqual([true, true, true]);
  });

  it("is neither unread nor for the reader", async () => {
    ignored.ignore(MALLORY);
    view.dispatchPause({ type: "began", reason: "history" });
    const mention = room.say({ author: MALLORY, text: `@${MINA.nickname}` });
    room.say({ text: `@${MINA.nickname}` });
    await clock.advance(2_000);
    expect(view.getSnapshot().unread).toEqual({ messages: 1, forMe: 1 });
    expect(view.isForMe(mention)).toBe(false);
    ignored.stopIgnoring(MALLORY.id);
    expect(view.isForMe(mention)).toBe(true);
  });

  it("takes no row from others in a crowd", async () => {
    ignored.ignore(MALLORY);
    for (let said = 0; said < 100; said += 1) room.say({ author: MALLORY });
    const other = room.say();
    await clock.advance(2_000);
    expect(hasRow(other.id)).toBe(true);
  });
});

describe("an own message", () => {
  const place = () => {
    const { rows } = view.getSnapshot();
    const own = rows.findIndex((row) => row.key === "client-1");
    return own === -1 ? null : rows.length - own;
  };

  it("shows with the next frame, stays last while it is sent, and then moves at most once", async () => {
    await crowd(200, 2);
    view.setReadingPace("all");
    outbox.add({ clientId: "client-1", roomId: "lobby", text: "mine", replyTo: null });
    await clock.advance(FRAME_MS);
    expect(place()).toBe(1);
    const places = new Set<string>();
    const watch = view.subscribe(() => {
      const { rows } = view.getSnapshot();
      const own = rows.findIndex((row) => row.key === "client-1");
      const before = rows[own - 1];
      places.add(own === rows.length - 1 ? "last" : `after ${before?.key}`);
    });
    await crowd(200, 1);
    answerPost();
    await settled();
    await crowd(200, 2);
    watch();
    expect(places.has("last")).toBe(true);
    expect(places.size).toBeLessThanOrEqual(2);
    expect(view.getSnapshot().rows.filter((row) => row.key === "client-1")).toHaveLength(1);
  });

  it("is announced below a paused list, with a link to it", async () => {
    view.dispatchPause({ type: "began", reason: "scroll" });
    outbox.add({ clientId: "client-1", roomId: "lobby", text: "mine", replyTo: null });
    await clock.advance(FRAME_MS);
    expect(view.getSnapshot().lastPost).toEqual({ seq: null });
    answerPost();
    await clock.advance(1_000);
    expect(view.getSnapshot()).toMatchObject({
      isPaused: true,
      lastPost: { seq: room.lastSeq },
      unread: { messages: 0 },
    });
  });

  it("leaves the outbox once the list shows its message, which a paused list does not", async () => {
    view.dispatchPause({ type: "began", reason: "scroll" });
    outbox.add({ clientId: "client-1", roomId: "lobby", text: "mine", replyTo: null });
    await clock.advance(FRAME_MS);
    answerPost();
    await clock.advance(1_000);
    expect([outbox.getSnapshot().posts.length, place()]).toEqual([1, 1]);
    view.dispatchPause({ type: "back-to-newest" });
    await clock.advance(1_000);
    expect([outbox.getSnapshot().posts.length, place()]).toEqual([0, 1]);
  });
});

describe("the rows", () => {
  const RECONNECTS_MAX = 20; // commits of a feed whose stream is silent

  it("are compact in a crowd, and comfortable again some time after the last message", async () => {
    await crowd(CROWDED_FROM_PER_S + 1, CROWDED_FOR_MS / 1_000 + 2);
    expect(view.getSnapshot().density).toBe("compact");
    await clock.advance(CALM_FOR_MS - 1_000);
    expect(view.getSnapshot().density).toBe("compact");
    await clock.advance(4_000);
    expect(view.getSnapshot().density).toBe("comfortable");
    commitsAtMs = [];
    await clock.advance(120_000);
    expect(commitsAtMs.length).toBeLessThan(RECONNECTS_MAX);
  });

  it("keep their density while the list is paused, without further commits for it", async () => {
    view.dispatchPause({ type: "began", reason: "selection" });
    await crowd(20, 10);
    expect(view.getSnapshot().density).toBe("comfortable");
    view.dispatchPause({ type: "back-to-newest" });
    expect(view.getSnapshot().density).toBe("compact");
    view.dispatchPause({ type: "began", reason: "scroll" });
    await clock.advance(5_000);
    commitsAtMs = [];
    await clock.advance(2 * CALM_FOR_MS);
    expect(view.getSnapshot().density).toBe("compact");
    expect(commitsAtMs.length).toBeLessThan(RECONNECTS_MAX);
  });

  it("have the density that the reader chose", async () => {
    view.setDensityChoice("compact");
    await clock.advance(FRAME_MS);
    expect(view.getSnapshot().density).toBe("compact");
    view.setDensityChoice("comfortable");
    await crowd(200, 10);
    expect(view.getSnapshot().density).toBe("comfortable");
  });
});
