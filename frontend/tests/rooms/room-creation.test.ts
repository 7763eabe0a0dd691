import { beforeEach, describe, expect, it } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import type { RoomWithCode, Visibility } from "@/lib/contract/types";
import { roomCreation, ROOM_NAME_MAX, type NewRoom } from "@/lib/rooms/room-creation";
import { CallForm } from "@/lib/session/call-form";
import { SessionStore } from "@/lib/session/session-store";
import { checkedApi } from "../support/contract";
import { FakeClock } from "../support/fake-clock";
import { FakeNetwork } from "../support/fake-network";
import { room } from "../support/fake-room";
import { MemoryStorage } from "../support/memory-storage";

let clock: FakeClock;
let calls: string[];
let keys: string[];
let refusals: Problem[];
let opened: RoomWithCode[];

beforeEach(() => {
  clock = new FakeClock();
  calls = [];
  keys = [];
  refusals = [];
  opened = [];
});

const api = checkedApi({
  me: () => Promise.resolve({ id: "ann-id", nickname: "Ann" }),
  createSession: () => Promise.reject(new Problem(429, "rate_limited", "")),
  endSession: () => Promise.resolve(),
  endAllSessions: () => Promise.resolve(),
  createRoom: (name: string, visibility: Visibility, key: string) => {
    calls.push(visibility === "public" ? `create ${name}` : `create ${visibility} ${name}`);
    keys.push(key);
    const refusal = refusals.shift();
    return refusal === undefined
      ? Promise.resolve({ ...room({ id: "made", name, visibility }), recovery_code: "code" })
      : Promise.reject(refusal);
  },
});

async function open(): Promise<CallForm<NewRoom, RoomWithCode>> {
  const session = new SessionStore(api, new MemoryStorage());
  await session.load();
  let ids = 0;
  const creation = new CallForm({
    ...roomCreation(api, () => `key-${(ids += 1)}`),
    session,
    clock,
    random: () => 0,
    network: new FakeNetwork(clock),
  });
  creation.subscribe(() => undefined);
  creation.setField("name", "Quiet corner");
  return creation;
}

const create = (creation: CallForm<NewRoom, RoomWithCode>) => creation.submit((room) => opened.push(room));

describe("a reader who creates a room", () => {
  it("sees why the server refuses, and repeats the same call: the room is created once", async () => {
    refusals = [new Problem(503, "store_unavailable", "", 1_000), unreachable()];
    const creation = await open();
    await create(creation);
    expect(creation.getSnapshot()).toMatchObject({
      status: "refused",
      problem: { code: "store_unavailable" },
    });
    await create(creation);
    expect(creation.getSnapshot()).toMatchObject({ status: "refused", problem: { code: "unreachable" } });
    await create(creation);
    expect(opened).toHaveLength(1);
    expect(new Set(keys).size).toBe(1);
  });

  it("who changes the name after a failed call creates another room", async () => {
    refusals = [unreachable()];
    const creation = await open();
    await create(creation);
    creation.setField("name", "Another corner");
    await create(creation);
    expect(calls).toEqual(["create Quiet corner", "create Another corner"]);
    expect(new Set(keys).size).toBe(2);
  });

  it("who changes the visibility after a failed call creates another room", async () => {
    refusals = [unreachable()];
    const creation = await open();
    await create(creation);
    creation.setField("visibility", "private");
    await create(creation);
    expect(calls).toEqual(["create Quiet corner", "create private Quiet corner"]);
    expect(opened).toMatchObject([{ visibility: "private", recovery_code: "code" }]);
    expect(new Set(keys).size).toBe(2);
  });

  it("sends one call, however often the button is pressed", async () => {
    const creation = await open();
    await Promise.all([create(creation), create(creation), create(creation)]);
    expect(calls).toEqual(["create Quiet corner"]);
  });
});

describe("before it creates a room, the page names what to change", () => {
  it.each([
    ["Two\u200bwords", "character"],
    ["\u3164", "character"],
    ["Agenda\u0007", "character"],
    [" ", "empty"],
    [`a${"\u0301".repeat(31)}`, "marks"],
    ["x".repeat(ROOM_NAME_MAX + 1), "length"],
    ["👩‍👩‍👧‍👧".repeat(12), "length"],
  ])("in the name of the room: %j", async (name, kind) => {
    const creation = await open();
    creation.setField("name", name);
    await create(creation);
    expect(creation.getSnapshot()).toMatchObject({ status: "refused", fieldProblems: { name: { kind } } });
    expect(calls).toEqual([]);
    creation.setField("name", "Quiet corner");
    expect(creation.getSnapshot().fieldProblems.name).toBeNull();
  });

  it.each(["x".repeat(ROOM_NAME_MAX), "😀".repeat(ROOM_NAME_MAX), "산책 모임", "می‌خواهم", "👩‍👩‍👧‍👧"])(
    "a name that the server takes is sent: %j",
    async (name) => {
      const creation = await open();
      creation.setField("name", name);
      await create(creation);
      expect(opened).toHaveLength(1);
    },
  );
});
