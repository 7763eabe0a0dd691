import { describe, expect, it } from "vitest";
import { REGULAR_WAIT_MAX_S, slowModeOf } from "@/lib/composer/slow-mode";
import type { RoomState } from "@/lib/feed/room-state";
import { fromSnapshot } from "@/lib/feed/room-state";

const NOW_MS = Date.parse("2026-11-27T12:00:00Z");
const DAY_MS = 86_400_000;

const userSince = (timeMs: number): string => {
  const digits = timeMs.toString(16).padStart(12, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7000-8000-000000000000`;
};
const NEWCOMER = userSince(NOW_MS - 60_000);
const REGULAR = userSince(NOW_MS - DAY_MS);
const OWNER = "owner";

const room = (change: Partial<RoomState>): RoomState => ({
  ...fromSnapshot({ messages: [], cursor: 0, has_more: false }, { id: "lobby", owner_id: OWNER }),
  ...change,
});
const fixed = (seconds: number) =>
  room({ slowModeS: seconds, slowMode: { mode: "fixed", seconds, target_posts_per_s: null } });
const auto = (slowModeS: number, slowModeUntilMs: number | null = null) =>
  room({ slowModeS, slowModeUntilMs, slowMode: { mode: "auto", seconds: 0, target_posts_per_s: 3 } });

describe("slow mode", () => {
  it.each([
    { name: "a room that is not loaded", state: null, user: NEWCOMER, rule: null },
    { name: "a room without slow mode", state: room({}), user: NEWCOMER, rule: null },
    { name: "a fixed wait", state: fixed(30), user: NEWCOMER, rule: { reason: "fixed", seconds: 30 } },
    {
      name: "a fixed wait of a regular",
      state: fixed(30),
      user: REGULAR,
      rule: { reason: "fixed", seconds: 30 },
    },
    { name: "a fixed wait and a host", state: fixed(30), user: OWNER, rule: null },
    { name: "an automatic wait", state: auto(45), user: NEWCOMER, rule: { reason: "auto", seconds: 45 } },
    {
      name: "an automatic wait of nobody yet",
      state: auto(45),
      user: undefined,
      rule: { reason: "auto", seconds: 45 },
    },
    {
      name: "an automatic wait of a regular",
      state: auto(45),
      user: REGULAR,
      rule: { reason: "auto-regular", seconds: REGULAR_WAIT_MAX_S },
    },
    {
      name: "a short automatic wait of a regular",
      state: auto(4),
      user: REGULAR,
      rule: { reason: "auto-regular", seconds: 4 },
    },
    {
      name: "an id whose age only the server knows",
      state: auto(45),
      user: "someone",
      rule: { reason: "auto-regular", seconds: REGULAR_WAIT_MAX_S },
    },
    { name: "an automatic wait and a host", state: auto(45), user: OWNER, rule: null },
    { name: "no crowd", state: auto(0), user: NEWCOMER, rule: null },
    {
      name: "a signal that still holds",
      state: auto(45, NOW_MS + 1),
      user: NEWCOMER,
      rule: { reason: "auto", seconds: 45 },
    },
    { name: "a signal that no longer holds", state: auto(45, NOW_MS), user: NEWCOMER, rule: null },
  ])("of $name", ({ state, user, rule }) => {
    expect(slowModeOf(state, user, NOW_MS)).toEqual(rule);
  });
});
