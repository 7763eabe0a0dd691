import { beforeEach, expect, it } from "vitest";
import { Announcements, READ_OUT_MAX, SUMMARY_EVERY_MS } from "@/lib/announcements";
import { FakeClock } from "./support/fake-clock";
import { message } from "./support/fake-room";

let clock: FakeClock;
let isHidden: boolean;
let announcements: Announcements;
let stop: () => void;

beforeEach(() => {
  clock = new FakeClock();
  isHidden = false;
  announcements = new Announcements({
    clock,
    isHidden: () => isHidden,
    summaryWords: (count) => `${count} new messages`,
    repliesWords: () => "with replies",
  });
  stop = announcements.subscribe(() => undefined);
});

const summary = () => announcements.getSnapshot().summary.words;

it("announces a message for the listener at once, and the same words again", () => {
  announcements.announceForMe("Ann: @Mina", message(1));
  const first = announcements.getSnapshot().forMe;
  announcements.announceForMe("Ann: @Mina", message(1));
  const second = announcements.getSnapshot().forMe;
  expect([first.words, second.words]).toEqual(["Ann: @Mina", "Ann: @Mina"]);
  expect(second.turn).not.toBe(first.turn);
});

it("counts skipped messages with the others, once in ten seconds for any number of runs", async () => {
  announcements.add(() => "Ann: hello", message(1));
  for (let run = 0; run < 30; run += 1) announcements.addSkipped(20, false);
  const turn = announcements.getSnapshot().summary.turn;
  await clock.advance(SUMMARY_EVERY_MS);
  expect(summary()).toBe("601 new messages");
  expect(announcements.getSnapshot().summary.turn).toBe(turn + 1);
  announcements.addSkipped(20, true);
  await clock.advance(SUMMARY_EVERY_MS);
  expect(summary()).toBe("20 new messages, with replies");
});

it("reads a few messages out every ten seconds", async () => {
  announcements.add(() => "Ann: hello", message(1));
  announcements.add(() => "Bob: hi", message(2));
  expect(summary()).toBe("");
  await clock.advance(SUMMARY_EVERY_MS);
  expect(summary()).toBe("Ann: hello. Bob: hi");
});

it("counts many messages without looking at their texts", async () => {
  let texts = 0;
  for (let seq = 1; seq <= 2_000; seq += 1) announcements.add(() => `text ${(texts += 1)}`, message(seq));
  await clock.advance(SUMMARY_EVERY_MS);
  expect(summary()).toBe("2000 new messages");
  expect(texts).toBe(READ_OUT_MAX);
});

it("keeps the summary of a hidden page until it is shown", async () => {
  isHidden = true;
  announcements.add(() => "Ann: hello", message(1));
  await clock.advance(3 * SUMMARY_EVERY_MS);
  expect(summary()).toBe("");
  isHidden = false;
  await clock.advance(SUMMARY_EVERY_MS);
  expect(summary()).toBe("Ann: hello");
});

it("leaves out messages that are deleted before the summary", async () => {
  for (let seq = 1; seq <= READ_OUT_MAX + 1; seq += 1) announcements.add(() => `text ${seq}`, message(seq));
  announcements.forget(({ seq }) => seq === 1);
  await clock.advance(SUMMARY_EVERY_MS);
  expect(summary()).toBe(`${READ_OUT_MAX} new messages`);
  announcements.add(() => "text 5", message(5));
  announcements.add(() => "text 6", message(6));
  announcements.forget(({ seq }) => seq === 6);
  await clock.advance(SUMMARY_EVERY_MS);
  expect(summary()).toBe("text 5");
});

it("keeps no words of a deleted message in the page", async () => {
  announcements.announceForMe("Ann: @Mina", message(1));
  announcements.add(() => "Bob: hi", message(2));
  await clock.advance(SUMMARY_EVERY_MS);
  announcements.forget(({ seq }) => seq === 1);
  expect([announcements.getSnapshot().forMe.words, summary()]).toEqual(["", "Bob: hi"]);
  announcements.forget(({ seq }) => seq === 2);
  expect(summary()).toBe("");
});

it("stops its timer with its last subscriber", async () => {
  announcements.add(() => "Ann: hello", message(1));
  stop();
  await clock.advance(3 * SUMMARY_EVERY_MS);
  expect(summary()).toBe("");
});
