import { beforeEach, expect, it, vi } from "vitest";
import { Problem } from "@/lib/api/problem";
import type { Message, RoomEvent } from "@/lib/contract/types";
import type { RoomFeed } from "@/lib/feed/room-feed";
import { EARLY_MAX, RoomNews } from "@/lib/room-view/room-news";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeRoom, feedOf } from "../support/fake-room";

let room: FakeRoom;
let feed: RoomFeed;
let news: RoomNews;
let findForMe: (message: Message) => void;
let heard: (string | number)[];

const hear = (what: RoomEvent) => heard.push(what.type === "message.created" ? what.message.text : what.type);

beforeEach(async () => {
  room = new FakeRoom();
  feed = feedOf(room, new FakeClock());
  news = new RoomNews(feed, {
    onFoundForMe: (listener) => {
      findForMe = listener;
      return () => undefined;
    },
  });
  heard = [];
  news.open();
  await settled();
  room.openLast();
});

const listen = () =>
  news.listen({
    event: hear,
    skipped: ({ messages }) => heard.push(messages),
    foundForMe: ({ text }) => heard.push(`for me: ${text}`),
  });

it("reports what arrived before the listeners were there, once and in order, and then everything at once", () => {
  const first = room.say();
  room.stream.listener.skipped({ from_seq: 1, to_seq: 4, messages: 3, replied_to: [] });
  room.lastSeq = 4;
  findForMe(first);
  room.say();
  listen();
  expect(heard).toEqual([]);
  news.passOn();
  expect(heard).toEqual(["text 1", 3, "for me: text 1", "text 5"]);
  room.say();
  expect(heard.at(-1)).toBe("text 6");
  news.passOn();
  expect(heard).toHaveLength(5);
});

it("keeps the newest of more news than the bound", () => {
  for (let said = 0; said < EARLY_MAX + 2; said += 1) room.say();
  listen();
  news.passOn();
  expect([heard.length, heard[0]]).toEqual([EARLY_MAX, "text 3"]);
});

it("keeps news again once the listeners are gone", () => {
  const stop = listen();
  const keep = news.passOn();
  keep();
  stop();
  room.say();
  expect(heard).toEqual([]);
  listen();
  news.passOn();
  expect(heard).toEqual(["text 1"]);
});

it("forgets what it kept when the reader loses access to the room", async () => {
  room.say();
  room.refusals = [new Problem(404, "room_not_found", "")];
  feed.reload();
  await settled();
  expect(feed.getSnapshot().connection.status).toBe("failed");
  listen();
  news.passOn();
  expect(heard).toEqual([]);
});

it("tells all listeners although one of them fails", () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  news.listen({
    event: () => {
      throw new Error("broken");
    },
  });
  listen();
  news.passOn();
  room.say();
  expect(heard).toEqual(["text 1"]);
  expect(logged).toHaveBeenCalledOnce();
  logged.mockRestore();
});
