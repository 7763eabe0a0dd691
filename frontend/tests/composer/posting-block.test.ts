import { describe, expect, it } from "vitest";
import { postingBlock } from "@/lib/composer/posting-block";
import type { Room } from "@/lib/contract/types";
import { fromSnapshot } from "@/lib/feed/room-state";

const NOW_MS = Date.parse("2026-01-31T12:00:00Z");
const HOUR_MS = 3_600_000;

const room = (change: Partial<Room> = {}) =>
  fromSnapshot({ messages: [], cursor: 0, has_more: false }, { id: "lobby", ...change });
/** A UUIDv7 of this time. */
const userAt = (timeMs: number) => {
  const hex = timeMs.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000001`;
};
const NEWCOMER = userAt(NOW_MS - HOUR_MS);
const REGULAR = userAt(NOW_MS - 25 * HOUR_MS);
const block = (userId: string | undefined, change: Partial<Room> = {}) =>
  postingBlock(room(change), { userId, ban: null, isNameReserved: false }, NOW_MS);

describe("in a room that is open to regulars", () => {
  const open = { who_can_post: "regulars" } as const;

  it("a newcomer may write once their user id is old enough", () => {
    expect(block(NEWCOMER, open)).toEqual({ reason: "newcomer", untilMs: NOW_MS + 23 * HOUR_MS });
    expect(block(NEWCOMER, { ...open, regular_after_s: 3_600 })).toBeNull();
    expect(block(REGULAR, open)).toBeNull();
  });

  it("hosts may write however new they are", () => {
    expect(block(NEWCOMER, { ...open, owner_id: NEWCOMER })).toBeNull();
    expect(block(NEWCOMER, { ...open, moderators: [{ id: NEWCOMER, nickname: "ann" }] })).toBeNull();
  });

  it("a person without a user id may get one, and the server decides about an id of another kind", () => {
    expect(block(undefined, open)).toBeNull();
    expect(block("id-of-ann", open)).toBeNull();
  });
});

it("in a room that is open to moderators only, waiting does not help a guest", () => {
  const open = { who_can_post: "moderators" } as const;
  for (const guest of [REGULAR, undefined])
    expect(block(guest, open)).toEqual({ reason: "moderators-only", untilMs: null });
  expect(block(REGULAR, { ...open, owner_id: REGULAR })).toBeNull();
});

describe("a ban", () => {
  const banned = (until: string | null) =>
    postingBlock(room(), { userId: REGULAR, ban: { until, reason: null }, isNameReserved: false }, NOW_MS);

  it("ends at its time", () => {
    expect(banned("2026-01-31T12:00:01Z")).toEqual({ reason: "banned", untilMs: NOW_MS + 1_000 });
    expect(banned("2026-01-31T12:00:00Z")).toBeNull();
  });

  it("for good does not end", () => {
    expect(banned(null)).toEqual({ reason: "banned", untilMs: null });
  });

  it("from all rooms has a reason of its own", () => {
    const ban = { until: null, reason: null, everywhere: true };
    const writer = { userId: REGULAR, ban, isNameReserved: false };
    expect(postingBlock(room(), writer, NOW_MS)).toEqual({ reason: "banned-everywhere", untilMs: null });
  });
});

it("a name that looks like that of a host keeps its bearer from writing, however the room is set", () => {
  const writer = { userId: REGULAR, ban: null, isNameReserved: true };
  for (const who_can_post of ["everyone", "regulars"] as const)
    expect(postingBlock(room({ who_can_post }), writer, NOW_MS)).toEqual({ reason: "name", untilMs: null });
});
