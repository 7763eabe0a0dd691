import { beforeEach, expect, it } from "vitest";
import { loadWithRetries, RETRIES_MAX, RETRY_MS, type LoadWithRetries } from "@/lib/load-with-retries";
import { FakeClock, settled } from "./support/fake-clock";
import { FakeNetwork } from "./support/fake-network";

const AN_HOUR_MS = 3_600_000;

let clock: FakeClock;
let network: FakeNetwork;
let isReachable: boolean;
let attempts: number;
let failures: number;
let loaded: string[];
let isOutdated: boolean;

beforeEach(() => {
  clock = new FakeClock();
  network = new FakeNetwork(clock);
  isReachable = isOutdated = false;
  attempts = failures = 0;
  loaded = [];
});

const start = (): LoadWithRetries =>
  loadWithRetries({
    load: () => {
      attempts += 1;
      return isReachable ? Promise.resolve("the part") : Promise.reject(new Error("offline"));
    },
    onLoaded: (part) => loaded.push(part),
    onFailure: () => (failures += 1),
    mayRetry: () => !isOutdated,
    network,
    random: () => 0,
  });

it("loads a file once", async () => {
  isReachable = true;
  start();
  await clock.advance(AN_HOUR_MS);
  network.return();
  await settled();
  expect([attempts, failures, loaded]).toEqual([1, 0, ["the part"]]);
});

it("loads again after a while, a limited number of times", async () => {
  start();
  await clock.advance(RETRY_MS);
  expect(attempts).toBe(2);
  await clock.advance(AN_HOUR_MS);
  expect([attempts, failures]).toEqual([1 + RETRIES_MAX, 1 + RETRIES_MAX]);
});

it("loads at once when the network returns, also after its last retry", async () => {
  start();
  await settled();
  network.return();
  await settled();
  expect(attempts).toBe(2);
  await clock.advance(AN_HOUR_MS);
  const before = attempts;
  for (let returns = 1; returns <= 3; returns += 1) {
    network.return();
    await settled();
    expect(attempts).toBe(before + returns);
  }
  isReachable = true;
  network.return();
  await settled();
  expect(loaded).toEqual(["the part"]);
});

it("loads at once when the reader asks for it, one attempt at a time", async () => {
  const { retry } = start();
  await clock.advance(AN_HOUR_MS);
  const before = attempts;
  isReachable = true;
  retry();
  retry();
  await clock.advance(AN_HOUR_MS);
  expect([attempts, loaded]).toEqual([before + 1, ["the part"]]);
});

it("does not retry by itself once the server has another build", async () => {
  start();
  isOutdated = true;
  await clock.advance(AN_HOUR_MS);
  network.return();
  await settled();
  expect(attempts).toBe(1);
});

it("does nothing after it was stopped", async () => {
  const first = start();
  first.stop(); // before the answer
  await clock.advance(AN_HOUR_MS);
  const second = start();
  await settled();
  second.stop();
  second.retry();
  await clock.advance(AN_HOUR_MS);
  network.return();
  await settled();
  expect([attempts, failures, loaded]).toEqual([2, 1, []]);
});
