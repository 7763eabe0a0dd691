import { beforeEach, expect, it } from "vitest";
import { BrowserStreams, LOSSES_MAX, WORKERS_MAX } from "@/lib/stream/browser-streams";
import type { HubPort, ToTab } from "@/lib/stream/hub-messages";
import { HubServer } from "@/lib/stream/hub-server";
import type { StreamSource } from "@/lib/stream/stream-source";
import { FakeClock } from "../support/fake-clock";
import { FakeRoom } from "../support/fake-room";
import { ReopeningTab } from "../support/fake-tab";

const LOSS_MS = 15_000;

let clock: FakeClock;
let room: FakeRoom;
let workers: Map<number, FakeWorker>;
let connected: number[];
let unshared: number;

class FakeWorker {
  isHung = false;
  readonly #server: HubServer;

  constructor() {
    const upstream: StreamSource = { stream: () => streamFromLog, notify: () => () => () => undefined };
    this.#server = new HubServer(upstream, clock);
  }

  port(): HubPort {
    const port: HubPort = {
      onmessage: null,
      postMessage: (message) => void (this.isHung || receive(message)),
    };
    const receive = this.#server.connect(
      (message) => void (this.isHung || port.onmessage?.({ data: message } as MessageEvent<ToTab>)),
    );
    return port;
  }
}

const streamFromLog: StreamSource["stream"] extends (url: string) => infer Open ? Open : never = (
  roomId,
  cursor,
  listener,
) => {
  const close = room.openStream(roomId, cursor, listener);
  for (const event of room.log) if ("seq" in event && event.seq > cursor) listener.event(event);
  return close;
};

beforeEach(() => {
  clock = new FakeClock();
  room = new FakeRoom();
  workers = new Map();
  connected = [];
  unshared = 0;
});

function hang(number: number): void {
  const worker = workers.get(number);
  if (worker !== undefined) worker.isHung = true;
}

function openTab(): ReopeningTab {
  const streams = new BrowserStreams({
    streamUrl: () => Promise.resolve(""),
    limits: () => ({ rooms: 4, lists: 2 }),
    connectWorker: (number) => {
      connected.push(number);
      const worker = workers.get(number);
      return Promise.resolve(worker === undefined || worker.isHung ? null : worker.port());
    },
    loadLeadingTab: () => Promise.resolve(null),
    unshared: {
      stream: () => (roomId, cursor, listener) => {
        unshared += 1;
        return streamFromLog(roomId, cursor, listener);
      },
      notify: () => () => () => undefined,
    },
    clock,
  });
  return new ReopeningTab(streams.openStream).open();
}

it("a tab whose worker hangs receives its messages from another worker", async () => {
  workers = new Map([0, 1].map((number) => [number, new FakeWorker()]));
  const tab = openTab();
  await clock.advance(0);
  room.say();
  hang(0);
  room.streams = [];
  room.say();
  await clock.advance(LOSS_MS);
  expect([tab.seqs, connected]).toEqual([
    [1, 2],
    [0, 0, 1],
  ]);
});

it("a tab whose worker was killed connects to a new worker of the same name", async () => {
  workers.set(0, new FakeWorker());
  const tab = openTab();
  await clock.advance(0);
  hang(0);
  workers.set(0, new FakeWorker());
  room.streams = [];
  room.say();
  await clock.advance(LOSS_MS);
  expect([tab.seqs, connected]).toEqual([[1], [0, 0]]);
});

it("a tab opens its own streams where there are no workers and no other tabs", async () => {
  const tab = openTab();
  await clock.advance(0);
  room.say();
  expect([tab.seqs, unshared]).toEqual([[1], 1]);
  expect(connected).toHaveLength(WORKERS_MAX);
});

it("a tab stops starting workers that keep ending", async () => {
  const tab = openTab();
  for (let loss = 0; loss < LOSSES_MAX + 2; loss += 1) {
    workers.set(0, new FakeWorker());
    await clock.advance(LOSS_MS);
    hang(0);
  }
  await clock.advance(10 * LOSS_MS);
  room.say();
  expect(tab.seqs).toEqual([1]);
  expect(connected.length).toBeLessThanOrEqual(LOSSES_MAX + WORKERS_MAX);
  expect(unshared).toBe(1);
});

it("a stream that is closed before its source is known is never opened", async () => {
  workers.set(0, new FakeWorker());
  openTab().leave();
  await clock.advance(0);
  expect(room.opened).toBe(0);
});
