import { beforeEach, describe, expect, it } from "vitest";
import type { BrowserNotification } from "@/lib/notifications/browser-notifications";
import {
  MentionNotifier,
  type Mention,
  NOTIFIED_PER_WINDOW,
  SHOWN_MAX,
  SUMMARY_DELAY_MS,
  WAITING_MAX,
  WINDOW_MS,
} from "@/lib/notifications/mention-notifier";
import { FakeClock } from "./support/fake-clock";

let clock: FakeClock;
let shown: BrowserNotification[];
let opened: number[];
let closed: string[];
let notifier: MentionNotifier;
let seq: number;

beforeEach(() => {
  clock = new FakeClock();
  shown = [];
  opened = [];
  closed = [];
  seq = 0;
  notifier = new MentionNotifier({
    roomId: "lobby",
    clock,
    show: (notification) => {
      shown.push(notification);
      return () => closed.push(notification.body);
    },
    summaryWords: (count) => `${count} mentions`,
    open: (at) => opened.push(at),
  });
});

function mention(count = 1): void {
  for (let number = 0; number < count; number += 1) {
    seq += 1;
    notifier.notify(mentionOf(seq));
  }
}

const mentionOf = (at: number, words = `Ann: @Mina ${at}`): Mention => ({
  messageId: `message-${at}`,
  seq: at,
  authorId: at % 2 === 0 ? "ann" : "bob",
  roomName: "Lobby",
  words,
});

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

describe("mentions whose messages are deleted", () => {
  it.each<[string, number, (mention: Mention) => boolean, string[]]>([
    ["one of several", 3, ({ seq }) => seq === 2, ["Ann: @Mina 2"]],
    [
      "all of one author, by a purge",
      5,
      ({ authorId }) => authorId === "ann",
      ["Ann: @Mina 2", "Ann: @Mina 4"],
    ],
    ["none of these", 3, () => false, []],
  ])("are closed: %s", (_what, count, isGone, gone) => {
    mention(count);
    notifier.withdraw(isGone);
    notifier.withdraw(isGone); // another event about the same messages
    expect(closed).toEqual(gone);
  });

  it("are not summarized, and the summary opens at the first that is left", async () => {
    mention(NOTIFIED_PER_WINDOW + 4);
    notifier.withdraw(({ seq }) => seq === NOTIFIED_PER_WINDOW + 1);
    await clock.advance(SUMMARY_DELAY_MS);
    expect(bodies().at(-1)).toBe("3 mentions");
    shown.at(-1)?.onClick();
    expect(opened).toEqual([NOTIFIED_PER_WINDOW + 2]);
  });

  it("have no summary if none is left, and the next mention after it has one", async () => {
    mention(NOTIFIED_PER_WINDOW + 2);
    notifier.withdraw(({ seq }) => seq > NOTIFIED_PER_WINDOW);
    await clock.advance(SUMMARY_DELAY_MS);
    expect(shown).toHaveLength(NOTIFIED_PER_WINDOW);
    mention(1);
    await clock.advance(SUMMARY_DELAY_MS);
    expect(bodies().at(-1)).toBe("1 mentions");
  });
});

it("a dismissed mention is not shown again when its message is edited", () => {
  mention(2);
  shown[0]?.onClose();
  notifier.edit(mentionOf(1, "Ann: never mind"));
  notifier.edit(mentionOf(2, "Bob: never mind"));
  expect(bodies()).toEqual(["Ann: @Mina 1", "Ann: @Mina 2", "Bob: never mind"]);
  shown[1]?.onClose(); // replaced by the edited one, which is still on the screen
  notifier.edit(mentionOf(2, "Bob: at last"));
  expect(bodies().at(-1)).toBe("Bob: at last");
});

it("an edited mention shows its new words in place of the old ones, an unknown one nothing", () => {
  mention(1);
  notifier.edit(mentionOf(1, "Ann: never mind"));
  notifier.edit(mentionOf(2, "Ann: never mind"));
  expect(bodies()).toEqual(["Ann: @Mina 1", "Ann: never mind"]);
  expect(new Set(shown.map(({ tag }) => tag)).size).toBe(1);
  notifier.withdraw(() => true);
  expect(closed).toEqual(["Ann: never mind"]);
});

it("keeps a limited number of notifications to close and of mentions to count", async () => {
  for (let window = 0; window <= SHOWN_MAX / NOTIFIED_PER_WINDOW; window += 1) {
    mention(NOTIFIED_PER_WINDOW);
    await clock.advance(2 * WINDOW_MS);
  }
  notifier.withdraw(() => true);
  expect(closed).toHaveLength(SHOWN_MAX);
  mention(NOTIFIED_PER_WINDOW + WAITING_MAX + 10);
  await clock.advance(2 * WINDOW_MS);
  expect(bodies().at(-1)).toBe(`${WAITING_MAX} mentions`);
});
