import { beforeEach, expect, it } from "vitest";
import type { BrowserNotification } from "@/lib/notifications/browser-notifications";
import {
  MentionNotifier,
  NOTIFIED_PER_WINDOW,
  SUMMARY_DELAY_MS,
  WINDOW_MS,
} from "@/lib/notifications/mention-notifier";
import { FakeClock } from "./support/fake-clock";

let clock: FakeClock;
let shown: BrowserNotification[];
let opened: number[];
let notifier: MentionNotifier;
let seq: number;

beforeEach(() => {
  clock = new FakeClock();
  shown = [];
  opened = [];
  seq = 0;
  notifier = new MentionNotifier({
    roomId: "lobby",
    clock,
    show: (notification) => shown.push(notification),
    summaryWords: (count) => `${count} mentions`,
    open: (at) => opened.push(at),
  });
});

function mention(count = 1): void {
  for (let number = 0; number < count; number += 1) {
    seq += 1;
    notifier.notify({ messageId: `message-${seq}`, seq, roomName: "Lobby", words: `Ann: @Mina ${seq}` });
  }
}

const bodies = () => shown.map(({ body }) => body);

it("notifies of each mention, none of which replaces another one", () => {
  mention(3);
  expect(bodies()).toEqual(["Ann: @Mina 1", "Ann: @Mina 2", "Ann: @Mina 3"]);
  expect(new Set(shown.map(({ tag }) => tag)).size).toBe(3);
});

it("opens the room at the message that was clicked", () => {
  mention(2);
  shown[1]?.onClick();
  expect(opened).toEqual([2]);
});

it("counts further mentions of a minute in one summary, which opens at the first of them", async () => {
  mention(NOTIFIED_PER_WINDOW + 20);
  expect(shown).toHaveLength(NOTIFIED_PER_WINDOW);
  await clock.advance(SUMMARY_DELAY_MS);
  expect(bodies().slice(NOTIFIED_PER_WINDOW)).toEqual(["20 mentions"]);
  shown.at(-1)?.onClick();
  expect(opened).toEqual([NOTIFIED_PER_WINDOW + 1]);
});

it("notifies at most six times a minute, however long the mentions go on", async () => {
  for (let second = 0; second < 300; second += 1) {
    mention(2);
    await clock.advance(1_000);
  }
  expect(shown.length).toBeLessThanOrEqual((300 / 60) * (NOTIFIED_PER_WINDOW + 1));
});

it("notifies of each mention again after a quiet minute", async () => {
  mention(NOTIFIED_PER_WINDOW + 1);
  await clock.advance(2 * WINDOW_MS);
  mention(1);
  expect(bodies().at(-1)).toBe(`Ann: @Mina ${seq}`);
});

it("summarizes nothing once the reader has seen the room", async () => {
  mention(NOTIFIED_PER_WINDOW + 1);
  notifier.clear();
  await clock.advance(2 * WINDOW_MS);
  expect(shown).toHaveLength(NOTIFIED_PER_WINDOW);
});
