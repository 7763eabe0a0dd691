import { expect, it } from "vitest";
import { NetworkReturn } from "@/lib/network-return";
import { FakeClock, settled } from "./support/fake-clock";

class FakeWindow extends EventTarget {
  document = Object.assign(new EventTarget(), { hidden: false });
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

it("a wait is rejected when it is aborted, before it begins and later", async () => {
  const { network } = open();
  const attempt = new AbortController();
  const waiting = network.wait(60_000, attempt.signal);
  attempt.abort(new Error("left"));
  await expect(waiting).rejects.toThrow("left");
  await expect(network.wait(60_000, attempt.signal)).rejects.toThrow("left");
});
