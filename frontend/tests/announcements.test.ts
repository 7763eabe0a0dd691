import { beforeEach, expect, it } from "vitest";
import { Announcements, READ_OUT_MAX, SUMMARY_EVERY_MS } from "@/lib/announcements";
import { FakeClock } from "./support/fake-clock";

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
  });
  stop = announcements.subscribe(() => undefined);
});

const summary = () => announcements.getSnapshot().summary.words;

it("announces a message for the listener at once, and the same words again", () => {
  announcements.announceForMe("Ann: @Mina");
  const first = announcements.getSnapshot().forMe;
  announcements.announceForMe("Ann: @Mina");
  const second = announcements.getSnapshot().forMe;
  expect([first.words, second.words]).toEqual(["Ann: @Mina", "Ann: @Mina"]);
  expect(second.turn).not.toBe(first.turn);
});

it("reads a few messages out every ten seconds", async () => {
  announcements.add(() => "Ann: hello");
  announcements.add(() => "Bob: hi");
  expect(summary()).toBe("");
  await clock.advance(SUMMARY_EVERY_MS);
  expect(summary()).toBe("Ann: hello. Bob: hi");
});

it("counts many messages without looking at their texts", async () => {
  let texts = 0;
  for (let count = 0; count < 2_000; count += 1) announcements.add(() => `text ${(texts += 1)}`);
  await clock.advance(SUMMARY_EVERY_MS);
  expect(summary()).toBe("2000 new messages");
  expect(texts).toBe(READ_OUT_MAX);
});

it("keeps the summary of a hidden page until it is shown", async () => {
  isHidden = true;
  announcements.add(() => "Ann: hello");
  await clock.advance(3 * SUMMARY_EVERY_MS);
  expect(summary()).toBe("");
  isHidden = false;
  await clock.advance(SUMMARY_EVERY_MS);
  expect(summary()).toBe("Ann: hello");
});

it("stops its timer with its last subscriber", async () => {
  announcements.add(() => "Ann: hello");
  stop();
  await clock.advance(3 * SUMMARY_EVERY_MS);
  expect(summary()).toBe("");
});
