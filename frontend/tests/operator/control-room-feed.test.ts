import { beforeEach, expect, it } from "vitest";
import type { OpsSnapshot } from "@/lib/contract/types";
import { ControlRoomFeed, SILENT_AFTER_MS, type SnapshotListener } from "@/lib/operator/control-room-feed";
import { MAX_SAMPLES } from "@/lib/operator/rate-history";
import { FakeClock, settled } from "../support/fake-clock";

const RATES = {
  fetches_served_per_s: 1,
  fetches_not_modified_per_s: 0,
  fetches_refused_per_s: 0,
  posts_per_s: 2,
  posts_refused_per_s: 0,
  deliveries_per_s: 3,
};

class Page extends EventTarget {
  hidden = false;

  set(hidden: boolean): void {
    this.hidden = hidden;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let clock: FakeClock;
let page: Page;
let opened: { listener: SnapshotListener; isOpen: boolean }[];
let lost: number;
let feed: ControlRoomFeed;

const snapshot = (): OpsSnapshot => ({
  at: new Date(clock.epochMs()).toISOString(),
  rooms: [],
  rooms_omitted: 0,
  rates: RATES,
  processes: [],
  stores: [],
  outbox: { events: 0, oldest_s: 0 },
  overridden_settings: 0,
  exemptions_stale: false,
});
const stream = () => {
  const last = opened.at(-1);
  if (last === undefined) throw new Error("no stream was opened");
  return last;
};

beforeEach(() => {
  clock = new FakeClock();
  page = new Page();
  opened = [];
  lost = 0;
  feed = new ControlRoomFeed({
    open: (listener) => {
      const made = { listener, isOpen: true };
      opened.push(made);
      return () => void (made.isOpen = false);
    },
    clock,
    random: () => 1,
    network: {
      wait: (ms, signal) =>
        new Promise((resolve, reject) => {
          const cancel = clock.after(ms, resolve);
          signal?.addEventListener("abort", () => {
            cancel();
            reject(new Error("aborted"));
          });
        }),
    },
    page,
    onLost: () => void (lost += 1),
  });
});

it("has a stream only while somebody looks", () => {
  expect(opened).toEqual([]);
  const stop = feed.subscribe(() => undefined);
  expect(stream().isOpen).toBe(true);
  stream().listener.snapshot(snapshot());
  expect(feed.getSnapshot().isLive).toBe(true);
  stop();
  expect(opened.map(({ isOpen }) => isOpen)).toEqual([false]);
});

it("opens a lost stream again after longer and longer waits, and keeps the last figures", async () => {
  feed.subscribe(() => undefined);
  stream().listener.snapshot(snapshot());
  stream().listener.closed();
  expect(feed.getSnapshot()).toMatchObject({ isLive: false, snapshot: { rates: RATES } });
  for (const waitMs of [1_000, 2_000, 4_000]) {
    const before = opened.length;
    await clock.advance(waitMs - 1);
    expect(opened.length).toBe(before);
    await clock.advance(1);
    expect(opened.length).toBe(before + 1);
    stream().listener.closed();
    await settled();
  }
  expect(lost).toBe(4);
  await clock.advance(8_000);
  stream().listener.snapshot(snapshot());
  const { isLive, history } = feed.getSnapshot();
  expect(isLive).toBe(true);
  expect(history.map(({ rates }) => rates !== null)).toEqual([true, false, true]);
});

it("opens a silent stream again", async () => {
  feed.subscribe(() => undefined);
  await clock.advance(SILENT_AFTER_MS - 1);
  stream().listener.snapshot(snapshot());
  await clock.advance(SILENT_AFTER_MS - 1);
  expect(opened.map(({ isOpen }) => isOpen)).toEqual([true]);
  await clock.advance(1 + 1_000);
  expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, true]);
});

it("closes the stream while the page is hidden", async () => {
  feed.subscribe(() => undefined);
  page.set(true);
  expect(stream().isOpen).toBe(false);
  await clock.advance(600_000);
  expect(opened.length).toBe(1);
  page.set(false);
  expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, true]);
});

it("does not open a second stream when a hidden page with a wait becomes visible", async () => {
  feed.subscribe(() => undefined);
  stream().listener.closed();
  await settled();
  page.set(true);
  page.set(false);
  await clock.advance(600_000);
  expect(opened.filter(({ isOpen }) => isOpen).length).toBeLessThanOrEqual(1);
});

it("keeps five minutes", async () => {
  feed.subscribe(() => undefined);
  for (let second = 0; second < MAX_SAMPLES + 10; second += 1) {
    stream().listener.snapshot(snapshot());
    await clock.advance(1_000);
  }
  const { history } = feed.getSnapshot();
  expect(history.length).toBe(MAX_SAMPLES);
  expect(history[0]?.atMs).toBe(1_000_000_000_000 + 10_000);
});
