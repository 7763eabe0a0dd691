import { beforeEach, expect, it } from "vitest";
import type { EventsPage } from "@/lib/contract/types";
import { POLL_MAX_MS, POLL_MIN_MS, POLL_WAIT_S, pollEvents } from "@/lib/feed/event-polling";
import { created, message } from "../support/fake-room";
import { FakeClock } from "../support/fake-clock";

const QUIET: EventsPage = { events: [], cursor: 0, last_seq: 0, has_more: false };
const NEWS = { ...QUIET, events: [created(message(1))], cursor: 1, last_seq: 1 } as EventsPage;

let clock: FakeClock;
let startMs: number;
let asked: { atMs: number; waitS: number; signal: AbortSignal }[];
let answer: (waitS: number) => Promise<EventsPage>;

beforeEach(() => {
  clock = new FakeClock();
  startMs = clock.now();
  asked = [];
  answer = () => Promise.resolve(QUIET);
});

const poll = (mayWait = true) =>
  pollEvents({
    fetchEvents: (waitS, signal) => {
      asked.push({ atMs: clock.now() - startMs, waitS, signal });
      return answer(waitS);
    },
    mayWait: () => mayWait,
    onPage: () => undefined,
    onFailure: () => undefined,
    clock,
    random: () => 0.5,
  });

const after = (ms: number, page: EventsPage) =>
  new Promise<EventsPage>((resolve) => clock.after(ms, () => resolve(page)));

it("fetches again at once when the server has waited without an event", async () => {
  answer = (waitS) => after(waitS * 1_000, QUIET);
  poll();
  await clock.advance(2 * POLL_WAIT_S * 1_000);
  expect(asked.map(({ atMs }) => atMs)).toEqual([0, 5_000, 10_000]);
});

it("pauses after new events, so that a busy room is not fetched more often", async () => {
  answer = () => after(3_000, NEWS);
  poll();
  await clock.advance(10_000);
  expect(asked.map(({ atMs }) => atMs)).toEqual([0, 3_000 + POLL_MIN_MS, 2 * (3_000 + POLL_MIN_MS)]);
});

it("fetches less and less often where the server does not wait", async () => {
  poll();
  await clock.advance(60_000);
  const pauses = asked.slice(1).map(({ atMs }, index) => atMs - (asked[index]?.atMs ?? 0));
  expect(pauses[0]).toBe(3_000);
  expect(pauses.at(-1)).toBe(POLL_MAX_MS);
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
});

it("lets the server wait only where the browser can spare a connection", async () => {
  poll(false);
  await clock.advance(20_000);
  expect(asked.length).toBeGreaterThan(2);
  expect(asked.every(({ waitS }) => waitS === 0)).toBe(true);
});

it("cancels a waiting fetch when it stops", async () => {
  answer = (waitS) => after(waitS * 1_000, NEWS);
  const stop = poll();
  await clock.advance(1_000);
  stop();
  expect(asked[0]?.signal.aborted).toBe(true);
  await clock.advance(60_000);
  expect(asked).toHaveLength(1);
});
