import { expect, it } from "vitest";
import { NetworkReturn } from "@/lib/network-return";
import { FakeClock, settled } from "./support/fake-clock";

/** Counts its listeners. */
class CountingTarget extends EventTarget {
  listeners = 0;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners += 1;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners -= 1;
    super.removeEventListener(...args);
  }
}

class FakeWindow extends CountingTarget {
  document = Object.assign(new CountingTarget(), { hidden: false });
}

function open() {
  const page = new FakeWindow();
  const clock = new FakeClock();
  const network = new NetworkReturn(page, clock);
  let ended = 0;
  const wait = () => void network.wait(60_000).then(() => (ended += 1));
  return { page, clock, network, wait, ended: () => ended };
}

it("a wait ends at its time", async () => {
  const { clock, wait, ended } = open();
  wait();
  await clock.advance(59_999);
  expect(ended()).toBe(0);
  await clock.advance(1);
  expect(ended()).toBe(1);
});

it("a wait ends early when the browser is online again or the page is visible again", async () => {
  const { page, wait, ended } = open();
  wait();
  page.document.hidden = true;
  page.document.dispatchEvent(new Event("visibilitychange"));
  await settled();
  expect(ended()).toBe(0);
  page.document.hidden = false;
  page.document.dispatchEvent(new Event("visibilitychange"));
  await settled();
  expect(ended()).toBe(1);
  wait();
  page.dispatchEvent(new Event("online"));
  await settled();
  expect(ended()).toBe(2);
});

it("listens to the window only while somebody waits", async () => {
  const { page, clock, network } = open();
  const listeners = () => [page.listeners, page.document.listeners];
  expect(listeners()).toEqual([0, 0]);
  const waits = [network.wait(1_000), network.wait(2_000)];
  expect(listeners()).toEqual([1, 1]);
  await clock.advance(2_000);
  await Promise.all(waits);
  expect(listeners()).toEqual([0, 0]);
});

it("a wait is rejected when it is aborted, before it begins and later", async () => {
  const { network } = open();
  const attempt = new AbortController();
  const waiting = network.wait(60_000, attempt.signal);
  attempt.abort(new Error("left"));
  await expect(waiting).rejects.toThrow("left");
  await expect(network.wait(60_000, attempt.signal)).rejects.toThrow("left");
});
