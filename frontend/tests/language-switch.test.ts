import { beforeEach, expect, it } from "vitest";
import { LanguageSwitch, RETRIES_MAX } from "@/lib/i18n/language-switch";
import { NetworkReturn } from "@/lib/network-return";
import { FakeClock, settled } from "./support/fake-clock";

let clock: FakeClock;
let page: EventTarget & { document: EventTarget & { hidden: boolean } };
let reachable: Set<string>;
let loads: string[];
let shown: string;
let stored: string | null;

beforeEach(() => {
  clock = new FakeClock();
  page = Object.assign(new EventTarget(), { document: Object.assign(new EventTarget(), { hidden: false }) });
  reachable = new Set(["en", "ja"]);
  loads = [];
  shown = "en";
  stored = null;
});

const open = () =>
  new LanguageSwitch({
    load: (language) => {
      loads.push(language);
      return reachable.has(language) ? Promise.resolve() : Promise.reject(new TypeError("Failed to fetch"));
    },
    show: (language) => Promise.resolve(void (shown = language)),
    store: (language) => (stored = language),
    wait: new NetworkReturn(page, clock).wait,
  });

it("a chosen language is shown, and stored for the next visit", async () => {
  expect(await open().choose("ja")).toBe(true);
  expect([shown, stored]).toEqual(["ja", "ja"]);
});

it("a language of the browser is shown and not stored", async () => {
  await open().start("ja");
  expect([shown, stored]).toEqual(["ja", null]);
});

it("a language that cannot be loaded is not stored: after a reload the page is in the one before", async () => {
  const languages = open();
  await languages.choose("ja");
  expect(await languages.choose("ko")).toBe(false);
  await clock.advance(30_000);
  expect([shown, stored]).toEqual(["ja", "ja"]);
});

it("a language that could not be loaded is shown and stored once it is", async () => {
  await open().choose("ko");
  reachable.add("ko");
  page.dispatchEvent(new Event("online"));
  await settled();
  expect([shown, stored]).toEqual(["ko", "ko"]);
});

it("the latest choice wins, whatever arrives later", async () => {
  const languages = open();
  await languages.choose("ko");
  await languages.choose("ja");
  reachable.add("ko");
  await clock.advance(600_000);
  expect([shown, stored]).toEqual(["ja", "ja"]);
});

it("a language that never arrives is tried a limited number of times", async () => {
  await open().choose("ko");
  await clock.advance(3_600_000);
  expect(loads).toHaveLength(1 + RETRIES_MAX);
});
