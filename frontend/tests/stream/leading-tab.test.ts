import fc from "fast-check";
import { expect, it } from "vitest";
import { BrowserStreams } from "@/lib/stream/browser-streams";
import { LeadingTab } from "@/lib/stream/leading-tab";
import type { StreamSource } from "@/lib/stream/stream-source";
import { FakeClock } from "../support/fake-clock";
import { FakeRoom } from "../support/fake-room";
import { ReopeningTab } from "../support/fake-tab";
import { FakeChannels, type FakeChannel } from "../support/fake-tabs";

const ELECTION_MS = 1_000;
const LOSS_MS = 15_000;

interface OpenTab {
  readonly channel: FakeChannel;
  readonly streams: BrowserStreams;
  readonly tab: ReopeningTab;
}

/** A browser without shared workers. */
class Browser {
  readonly clock = new FakeClock();
  readonly room = new FakeRoom();
  readonly #channels = new FakeChannels();
  #tabs = 0;

  openTab(): OpenTab {
    const channel = this.#channels.open();
    // A dead tab's connections are closed with it.
    const upstream: StreamSource = {
      stream: () => (roomId, cursor, listener) => {
        if (this.#killed.has(channel)) return () => undefined;
        const close = this.room.openStream(roomId, cursor, listener);
        const [latest] = this.room.streams.slice(-1);
        listener.opened({ room_id: roomId, seq: cursor, resumed: true, heat: COLD });
        for (const event of this.room.log) if ("seq" in event && event.seq > cursor) listener.event(event);
        if (latest !== undefined) this.#owners.set(latest, channel);
        return close;
      },
      notify: () => () => () => undefined,
    };
    const tabId = `tab-${(this.#tabs += 1)}`;
    const random = () => ((this.#tabs * 7) % 10) / 10;
    const leadingTab = new LeadingTab({ channel, tabId, upstream, clock: this.clock, random });
    const streams = new BrowserStreams({
      streamUrl: () => Promise.resolve(""),
      limits: () => ({ rooms: 4, lists: 2 }),
      connectWorker: () => Promise.resolve(null),
      loadLeadingTab: () => Promise.resolve(leadingTab),
      unshared: upstream,
      clock: this.clock,
    });
    return { channel, streams, tab: new ReopeningTab(streams.openStream).open() };
  }

  readonly #killed = new Set<FakeChannel>();
  readonly #owners = new Map<object, FakeChannel>();

  kill({ channel, tab }: OpenTab): void {
    channel.isDead = true;
    this.#killed.add(channel);
    tab.closed = () => undefined;
    this.room.streams = this.room.streams.filter((stream) => this.#owners.get(stream) !== channel);
  }
}

const COLD = { hot: false, since: null, fetches_per_s: 0 };

it("eight tabs share one stream, and each gets every message", async () => {
  const browser = new Browser();
  const tabs = Array.from({ length: 8 }, () => browser.openTab());
  await browser.clock.advance(ELECTION_MS);
  browser.room.say();
  browser.room.say();
  await browser.clock.advance(0);
  expect(browser.room.streams).toHaveLength(1);
  expect(tabs.map(({ tab }) => tab.seqs)).toEqual(Array.from({ length: 8 }, () => [1, 2]));
});

it("another tab leads at once when the leading tab is closed", async () => {
  const browser = new Browser();
  const first = browser.openTab();
  await browser.clock.advance(ELECTION_MS);
  const others = [browser.openTab(), browser.openTab()];
  await browser.clock.advance(ELECTION_MS);
  first.tab.closed = () => undefined;
  first.streams.leave();
  browser.room.say();
  await browser.clock.advance(ELECTION_MS);
  expect(browser.room.streams).toHaveLength(1);
  expect(others.map(({ tab }) => tab.seqs)).toEqual([[1], [1]]);
});

it("another tab leads within 15 s when the leading tab crashes or hangs", async () => {
  const browser = new Browser();
  const first = browser.openTab();
  await browser.clock.advance(ELECTION_MS);
  const others = [browser.openTab(), browser.openTab()];
  await browser.clock.advance(ELECTION_MS);
  browser.kill(first);
  browser.room.say();
  await browser.clock.advance(LOSS_MS);
  expect(browser.room.streams).toHaveLength(1);
  expect(others.map(({ tab }) => tab.seqs)).toEqual([[1], [1]]);
});

it("of two leading tabs, one continues", async () => {
  const browser = new Browser();
  const first = browser.openTab();
  await browser.clock.advance(ELECTION_MS);
  first.channel.freeze();
  const second = browser.openTab();
  await browser.clock.advance(ELECTION_MS);
  expect(browser.room.streams).toHaveLength(2);
  first.channel.thaw();
  const third = browser.openTab();
  await browser.clock.advance(LOSS_MS);
  browser.room.say();
  await browser.clock.advance(0);
  expect(browser.room.streams).toHaveLength(1);
  expect([first, second, third].map(({ tab }) => tab.seqs)).toEqual([[1], [1], [1]]);
});

it("no tab misses or repeats a message, whatever tabs do", async () => {
  const steps = fc.array(fc.constantFrom("say", "open", "close", "kill", "freeze", "thaw", "wait"), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const browser = new Browser();
      let tabs: OpenTab[] = [];
      for (const step of plan) {
        if (step === "say") browser.room.say();
        else if (step === "open") tabs.push(browser.openTab());
        else if (step === "wait") await browser.clock.advance(5_000);
        else if (step === "freeze" && tabs[0] !== undefined) tabs[0].channel.freeze();
        else if (step === "thaw") for (const { channel } of tabs) channel.thaw();
        else {
          const [gone, ...others] = tabs;
          if (gone === undefined) continue;
          tabs = others;
          gone.tab.closed = () => undefined;
          if (step === "kill") browser.kill(gone);
          else gone.streams.leave();
        }
        await browser.clock.advance(10);
      }
      for (const { channel } of tabs) channel.thaw();
      tabs.push(browser.openTab()); // its question makes several leaders notice each other
      await browser.clock.advance(4 * LOSS_MS);
      browser.room.say();
      await browser.clock.advance(ELECTION_MS);
      const all = Array.from({ length: browser.room.lastSeq }, (_, index) => index + 1);
      for (const { tab } of tabs) expect(tab.seqs).toEqual(all);
      expect(browser.room.streams).toHaveLength(1);
    }),
    { numRuns: 200 },
  );
});
