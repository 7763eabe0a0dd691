import { beforeEach, expect, it } from "vitest";
import { Problem } from "@/lib/api/problem";
import type { RoomFeed } from "@/lib/feed/room-feed";
import { RoomNews } from "@/lib/room-view/room-news";
import { followTitle } from "@/lib/room-view/tab-title";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeRoom, feedOf } from "../support/fake-room";

let room: FakeRoom;
let feed: RoomFeed;
let news: RoomNews;
let shownCount: number | undefined;
let page: EventTarget & { hidden: boolean; title: string };

beforeEach(() => {
  room = new FakeRoom();
  feed = feedOf(room, new FakeClock());
  news = new RoomNews(feed, { onFoundForMe: () => () => undefined });
  shownCount = undefined;
  page = Object.assign(new EventTarget(), { hidden: true, title: "" });
});

const openFeed = async () => {
  news.open();
  await settled();
  room.openLast();
};

const follow = () =>
  followTitle({
    page,
    feed,
    shownCount: () => shownCount,
    firstCount: () => news.firstCount,
    nameOf: (name) => name,
  });

const setHidden = (isHidden: boolean) => {
  page.hidden = isHidden;
  page.dispatchEvent(new Event("visibilitychange"));
};

it("counts messages of a hidden tab that arrived before anything followed its title", async () => {
  await openFeed();
  room.say();
  room.say();
  follow();
  expect(page.title).toBe("(2) Lobby · Hotchat");
  room.say();
  expect(page.title).toBe("(3) Lobby · Hotchat");
});

it("counts from the first page when that arrives later than the code of the title", async () => {
  follow();
  expect(page.title).toBe("Hotchat");
  await openFeed();
  expect(page.title).toBe("Lobby · Hotchat");
  room.say();
  expect(page.title).toBe("(1) Lobby · Hotchat");
});

it("does not count what was on screen before the tab was hidden", async () => {
  await openFeed();
  room.say();
  shownCount = 1;
  room.say();
  follow();
  expect(page.title).toBe("(1) Lobby · Hotchat");
});

it("counts again from the moment at which a visible tab is hidden, up to 99", async () => {
  await openFeed();
  const stop = follow();
  setHidden(false);
  room.say();
  expect(page.title).toBe("Lobby · Hotchat");
  setHidden(true);
  for (let said = 0; said < 100; said += 1) room.say();
  expect(page.title).toBe("(99+) Lobby · Hotchat");
  setHidden(false);
  expect(page.title).toBe("Lobby · Hotchat");
  stop();
  setHidden(true);
  room.say();
  expect(page.title).toBe("Lobby · Hotchat");
});

it("forgets the first page of a room that the reader has lost", async () => {
  await openFeed();
  expect(news.firstCount).toBe(0);
  room.say();
  expect(news.firstCount).toBe(0);
  room.refusals = [new Problem(404, "room_not_found", "")];
  feed.reload();
  await settled();
  expect(news.firstCount).toBeNull();
});
