import { beforeEach, expect, it } from "vitest";
import { ReadCountsStore } from "@/lib/rooms/read-counts-store";
import { unread } from "@/lib/rooms/unread";

/** Storage that two tabs share. */
class FakeStorage {
  #values = new Map<string, string>();
  getItem = (key: string) => this.#values.get(key) ?? null;
  setItem = (key: string, value: string) => void this.#values.set(key, value);
}

let storage: FakeStorage;
let tab: ReadCountsStore;
let other: ReadCountsStore;

const unreadIn = (store: ReadCountsStore, roomId: string, messageCount: number) => {
  store.refresh(); // as the browser's storage event does
  return unread(store.getSnapshot(), roomId, messageCount);
};

beforeEach(() => {
  storage = new FakeStorage();
  tab = new ReadCountsStore(storage);
  other = new ReadCountsStore(storage);
});

it("shows a room as read after it was opened in another tab", () => {
  tab.markRead("lobby", 10, 100);
  other.markRead("lobby", 12, 102);
  expect(unreadIn(tab, "lobby", 12)).toBe(0);
  expect(unreadIn(new ReadCountsStore(storage), "lobby", 13)).toBe(1);
});

it.each(["lobby", "constructor"])("never counts the reader's own messages in room %s", (roomId) => {
  tab.markRead(roomId, 10, 100);
  tab.discount(roomId, 101, 11); // written on another device
  expect(unreadIn(tab, roomId, 11)).toBe(0);
  expect(unreadIn(tab, roomId, 12)).toBe(1);
  tab.discount(roomId, 103, 13);
  expect(unreadIn(tab, roomId, 13)).toBe(1);
});

it("discounts a message once, however many tabs report it and whatever is repeated after a reconnect", () => {
  tab.markRead("lobby", 10, 100);
  for (const store of [tab, other, tab]) store.discount("lobby", 101, 16);
  expect(unreadIn(tab, "lobby", 16)).toBe(5);
  new ReadCountsStore(storage).discount("lobby", 101, 16);
  expect(unreadIn(tab, "lobby", 16)).toBe(5);
});

it("does not discount a message that was read in the open room", () => {
  tab.markRead("lobby", 11, 101);
  other.discount("lobby", 101, 11);
  expect(unreadIn(tab, "lobby", 12)).toBe(1);
});

it("discounts a message that was deleted after a later one was discounted, but none that was read", () => {
  tab.markRead("lobby", 10, 100);
  tab.discount("lobby", 103, 13); // my own
  expect(unreadIn(tab, "lobby", 13)).toBe(2);
  tab.discount("lobby", 101, 13); // deleted
  other.discount("lobby", 103, 13);
  other.discount("lobby", 99, 13); // deleted, but it had been read
  expect(unreadIn(tab, "lobby", 13)).toBe(1);
  tab.markRead("lobby", 13, 104);
  tab.discount("lobby", 102, 14);
  expect(unreadIn(tab, "lobby", 14)).toBe(1);
});

it("does not discount again a message that an earlier version has discounted", () => {
  storage.setItem("hotchat.read", '[["lobby",11,101]]');
  tab.discount("lobby", 101, 12);
  expect(unreadIn(tab, "lobby", 12)).toBe(1);
  tab.discount("lobby", 102, 12);
  expect(unreadIn(tab, "lobby", 12)).toBe(0);
});

it("counts nothing in a room that was never opened", () => {
  tab.discount("lobby", 101, 500);
  expect(unreadIn(tab, "lobby", 500)).toBe(0);
});

it("keeps the counts of several rooms where the browser has no storage", () => {
  const frame = new ReadCountsStore(null);
  frame.markRead("lobby", 10, 100);
  frame.markRead("other", 3, 30);
  frame.discount("lobby", 101, 12);
  expect([unread(frame.getSnapshot(), "lobby", 12), unread(frame.getSnapshot(), "other", 4)]).toEqual([1, 1]);
});
