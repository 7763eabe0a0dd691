import { beforeEach, expect, it } from "vitest";
import { ServerClock } from "@/lib/server-clock";
import { FakeClock } from "./support/fake-clock";

const YEAR_MS = 31_536_000_000;
const RESOLUTION_MS = 1_000; // of a Date header

let device: FakeClock;
let clock: ServerClock;
let aheadMs: number; // of the device, how far its clock was set

beforeEach(() => {
  device = new FakeClock();
  clock = new ServerClock(device);
  aheadMs = 0;
});

function set(ms: number): void {
  aheadMs += ms;
  device.set(ms);
}

const serverMs = () => device.epochMs() - aheadMs;
const respond = (headers: Record<string, string> = { Date: new Date(serverMs()).toUTCString() }) =>
  clock.observe({ headers: new Headers(headers) });
const differenceMs = () => Math.abs(clock.epochMs() - serverMs());

it.each([0, 3_600_000, -3_600_000, 9 * 3_600_000, 10 * YEAR_MS, -25 * YEAR_MS])(
  "tells the server's time after a response, although the device's clock is wrong by %d ms",
  (ms) => {
    set(ms);
    expect(clock.epochMs()).toBe(device.epochMs());
    respond();
    expect(differenceMs()).toBeLessThan(RESOLUTION_MS);
  },
);

it("follows a device that sleeps, and one whose clock is set while the app is open", async () => {
  set(-YEAR_MS);
  respond();
  await device.advance(8 * 3_600_000);
  expect(differenceMs()).toBeLessThan(RESOLUTION_MS);
  set(2 * YEAR_MS);
  respond();
  expect(differenceMs()).toBeLessThan(RESOLUTION_MS);
});

it.each<[string, Record<string, string>]>([
  ["without a date", {}],
  ["with an empty date", { Date: "" }],
  ["with a date that is none", { Date: "yesterday" }],
  ["that was stored, perhaps for days", { Date: new Date(0).toUTCString(), Age: "86400" }],
])("learns nothing from a response %s", (_what, headers) => {
  respond();
  respond(headers);
  expect(differenceMs()).toBeLessThan(RESOLUTION_MS);
});

it("waits by the device's monotonic clock", async () => {
  let calls = 0;
  const startMs = clock.now();
  clock.after(100, () => (calls += 1));
  const cancel = clock.after(100, () => (calls += 1));
  cancel();
  set(YEAR_MS);
  respond();
  await device.advance(100);
  expect([calls, clock.now() - startMs]).toEqual([1, 100]);
});
