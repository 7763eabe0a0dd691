import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalTimeStore, startOfDay } from "@/lib/local-time";

const EVENING = "2026-11-26T19:09:05.000Z";
const MINUTE_MS = 60_000;
const own = process.env["TZ"];

let languages: string[];
let nowMs: number;
let check: () => void;
let watchers: number;

/** Node follows this variable as a browser follows the system's setting. */
const moveTo = (zone: string) => {
  process.env["TZ"] = zone;
};

const store = () =>
  new LocalTimeStore({
    nowMs: () => nowMs,
    languages: () => languages,
    timeZone: () => new Intl.DateTimeFormat().resolvedOptions().timeZone,
    watch: (call) => {
      check = call;
      watchers += 1;
      return () => (watchers -= 1);
    },
  });

beforeEach(() => {
  moveTo("UTC");
  languages = ["en-GB"];
  nowMs = Date.parse(EVENING);
  watchers = 0;
});
afterEach(() => {
  if (own === undefined) delete process.env["TZ"];
  else process.env["TZ"] = own;
});

describe("times and dates in the browser's locale", () => {
  it.each([
    ["en-GB", "19:09", "Thursday 26 November"],
    ["en-AU", "7:09 pm", "Thursday 26 November"],
    ["en-US", "7:09 PM", "Thursday, November 26"],
    ["en-US-u-hc-h23", "19:09", "Thursday, November 26"],
    ["de-DE", "19:09", "Donnerstag, 26. November"],
    ["fr-FR", "19:09", "jeudi 26 novembre"],
    ["ko-KR", expect.stringMatching(/^(?:오후|PM) 7:09$/), "11월 26일 목요일"],
    ["ja-JP", "19:09", "11月26日木曜日"],
  ])("are those of %s", (language, time, day) => {
    languages = [language, "en-US"];
    const { shortTime, dayName } = store().getSnapshot();
    expect(shortTime(EVENING).replaceAll("\u202f", " ")).toEqual(time);
    expect(dayName(startOfDay(Date.parse(EVENING))).replace("Thursday, 26", "Thursday 26")).toBe(day);
  });

  it.each([[[]], [["C.UTF-8"]], [["", "tlh-invalid-tag-that-is-too-long"]]])(
    "are readable with %j",
    (tags) => {
      languages = tags;
      expect(store().getSnapshot().shortTime(EVENING)).toMatch(/\d:09/);
    },
  );

  it("are empty for a time that cannot be read", () => {
    const { shortTime, exactTime } = store().getSnapshot();
    expect([shortTime("soon"), exactTime("")]).toEqual(["", ""]);
  });

  it("name the year of a day in another year", () => {
    const { dayName } = store().getSnapshot();
    expect(dayName(Date.parse("2025-11-26T00:00:00Z"))).toContain("2025");
    expect(dayName(Date.parse("2026-11-26T00:00:00Z"))).not.toContain("2026");
  });
});

describe("a page that stays open", () => {
  it("shows times and days of the new time zone together", () => {
    moveTo("America/Los_Angeles");
    const times = store();
    let renewed = 0;
    times.subscribe(() => (renewed += 1));
    const before = times.getSnapshot();
    expect([before.shortTime(EVENING), before.dayName(startOfDay(Date.parse(EVENING)))]).toEqual([
      "11:09",
      expect.stringContaining("26"),
    ]);
    moveTo("Asia/Seoul");
    check();
    const after = times.getSnapshot();
    expect([after.shortTime(EVENING), after.dayName(startOfDay(Date.parse(EVENING)))]).toEqual([
      "04:09",
      expect.stringContaining("27"),
    ]);
    expect(renewed).toBe(1);
  });

  it("notices another offset from UTC with the next frame", () => {
    const times = store();
    moveTo("Asia/Seoul");
    times.checkOffset();
    expect(times.getSnapshot().shortTime(EVENING)).toBe("04:09");
  });

  it("notices a zone of the same offset, and another language", () => {
    const times = store();
    times.subscribe(() => undefined);
    const before = times.getSnapshot();
    moveTo("Africa/Abidjan");
    check();
    expect(times.getSnapshot()).not.toBe(before);
    languages = ["de-DE"];
    check();
    expect(times.getSnapshot().dayName(startOfDay(nowMs))).toBe("Donnerstag, 26. November");
  });

  it("names the year of yesterday once a new year has begun", () => {
    nowMs = Date.parse("2026-12-31T23:59:30Z");
    const times = store();
    const day = startOfDay(nowMs);
    expect(times.getSnapshot().dayName(day)).not.toContain("2026");
    nowMs += MINUTE_MS;
    times.checkOffset();
    expect(times.getSnapshot().dayName(day)).toContain("2026");
  });

  it("keeps the same object while nothing changes, and watches only while somebody reads it", () => {
    const times = store();
    const before = times.getSnapshot();
    expect(watchers).toBe(0);
    const stop = times.subscribe(() => undefined);
    nowMs += MINUTE_MS;
    check();
    times.checkOffset();
    expect(times.getSnapshot()).toBe(before);
    stop();
    expect(watchers).toBe(0);
  });
});
