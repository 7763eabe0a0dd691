import { beforeEach, expect, it } from "vitest";
import { Problem } from "@/lib/api/problem";
import type { ChatApi } from "@/lib/api/chat-api";
import { SEARCH_WORDS_MAX } from "@/lib/search-query";
import { findMissedMessages } from "@/lib/room-view/missed-messages";
import { checkedApi } from "../support/contract";
import { FakeRoom } from "../support/fake-room";

const LIMITS = { events_page: 500, search_page: 50, posts_per_user_per_s: 0 };

let room: FakeRoom;
let calls: string[];
let eventsRefusal: Problem | null;

/** What a call returns or throws, as a promise. */
const answer = <T>(call: () => T): Promise<T> =>
  new Promise((resolve) => {
    resolve(call());
  });

const api = checkedApi<Pick<ChatApi, "events" | "search">>({
  events: (_roomId, { after_seq, limit }) =>
    answer(() => {
      calls.push("events");
      if (eventsRefusal !== null) throw eventsRefusal;
      const later = room.log.filter((event) => "seq" in event && event.seq > after_seq);
      const events = later.slice(0, limit ?? 500);
      const last = events.at(-1);
      return {
        events: events as never,
        cursor: last !== undefined && "seq" in last ? last.seq : after_seq,
        last_seq: room.lastSeq,
        has_more: later.length > events.length,
      };
    }),
  search: (_roomId, q, options) =>
    answer(() => {
      const { before_seq, limit } = options ?? {};
      calls.push(q);
      const words = q.split(" ");
      if (words.length > SEARCH_WORDS_MAX) throw new Problem(422, "validation_failed", "words");
      const found = room.messages
        .filter(
          ({ seq, text }) => seq < (before_seq ?? Infinity) && words.every((word) => text.includes(word)),
        )
        .toReversed();
      const messages = found.slice(0, limit ?? 20);
      const next = found.length > messages.length ? (messages.at(-1)?.seq ?? null) : null;
      return { messages, has_more: next !== null, next_before_seq: next };
    }),
});

const find = (nickname: string, afterSeq: number, limits: Partial<typeof LIMITS> = LIMITS) =>
  findMissedMessages(
    {
      api,
      config: () => Promise.resolve({ limits: { posts_per_user_per_s: 0, ...limits } }),
      roomId: "lobby",
    },
    { nickname, afterSeq },
  );

const texts = async (found: ReturnType<typeof find>) => (await found).map(({ text }) => text);

beforeEach(() => {
  room = new FakeRoom();
  calls = [];
  eventsRefusal = null;
});

function sayMany(count: number): void {
  for (let said = 0; said < count; said += 1) room.say();
}

it("reads every message after a short absence, so that replies are found as well", async () => {
  room.say({ text: "seen" });
  sayMany(517);
  const reply = room.say({ text: "yes", reply_to: "message-1" });
  room.say({ text: "@Mina" });
  room.say({ text: "@Mina again" });
  const found = await find("Mina", 1);
  expect(found).toHaveLength(520);
  expect(found).toContainEqual(reply);
  expect(calls).toEqual(["events", "events"]);
});

it("returns edited messages as they are now and leaves out deleted ones", async () => {
  const edited = room.say({ text: "@Mnia" });
  const deleted = room.say({ text: "@Mina" });
  const seq = () => (room.lastSeq += 1);
  room.change({
    type: "message.edited",
    room_id: "lobby",
    seq: seq(),
    message: { ...edited, text: "@Mina" },
  });
  room.change({
    type: "message.deleted",
    room_id: "lobby",
    seq: seq(),
    message: { ...deleted, deleted: true },
  });
  expect(await texts(find("Mina", 0))).toEqual(["@Mina"]);
});

it("searches for mentions after a long absence, page by page and no further than the reader had seen", async () => {
  for (let said = 0; said < 60; said += 1) room.say({ text: "@Mina seen before" });
  const seen = room.lastSeq;
  for (let said = 0; said < 120; said += 1) room.say({ text: `@Mina ${said}` });
  sayMany(3_000);
  expect(await find("Mina", seen)).toHaveLength(120);
  expect(calls).toEqual(["events", "@Mina", "@Mina", "@Mina"]);
});

it("reads a bounded number of pages", async () => {
  for (let said = 0; said < 3_000; said += 1) room.say({ text: "@Mina" });
  expect(await find("Mina", 0)).toHaveLength(500);
  expect(calls).toHaveLength(1 + 10);
});

it("searches when the events are too old or refused", async () => {
  eventsRefusal = new Problem(410, "cursor_expired", "too old");
  room.say({ text: "@Mina" });
  expect(await texts(find("Mina", 0))).toEqual(["@Mina"]);
});

it("searches for a name of many words with as many words as the server takes", async () => {
  eventsRefusal = new Problem(429, "room_hot", "hot");
  room.say({ text: "@a b c d e f" });
  expect(await texts(find("a b c d e f", 0))).toEqual(["@a b c d e f"]);
});

it("uses the server's own page sizes where the server does not name its limits", async () => {
  sayMany(3);
  room.say({ text: "@Mina" });
  expect(await texts(find("Mina", 3, {}))).toEqual(["@Mina"]);
});
