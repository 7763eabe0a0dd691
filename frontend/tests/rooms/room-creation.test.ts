import { beforeEach, describe, expect, it } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import type { RoomWithCode, Visibility } from "@/lib/contract/types";
import { NetworkReturn } from "@/lib/network-return";
import { RoomCreation, ROOM_NAME_MAX } from "@/lib/rooms/room-creation";
import { SessionStore } from "@/lib/session/session-store";
import { checkedApi } from "../support/contract";
import { FakeClock, settled } from "../support/fake-clock";
import { room } from "../support/fake-room";
import { MemoryStorage } from "../support/memory-storage";

let clock: FakeClock;
let page: EventTarget & { document: EventTarget & { hidden: boolean } };
let calls: string[];
let keys: string[];
let refusals: { join: Problem[]; create: Problem[] };
let user: { id: string; nickname: string } | null;
let opened: RoomWithCode[];

beforeEach(() => {
  clock = new FakeClock();
  page = Object.assign(new EventTarget(), { document: Object.assign(new EventTarget(), { hidden: false }) });
  calls = [];
  keys = [];
  refusals = { join: [], create: [] };
  user = null;
  opened = [];
});

const api = checkedApi({
  me: () => (user === null ? Promise.reject(new Problem(401, "unauthenticated", "")) : Promise.resolve(user)),
  createSession: (nickname: string) => {
    calls.push(`join as ${nickname}`);
    const refusal = refusals.join.shift();
    if (refusal !== undefined) return Promise.reject(refusal);
    user = { id: `${nickname}-id`, nickname };
    return Promise.resolve({ user, token: "t", expires_at: "" });
  },
  endSession: () => Promise.resolve(),
  endAllSessions: () => Promise.resolve(),
  createRoom: (name: string, visibility: Visibility, key: string) => {
    calls.push(visibility === "public" ? `create ${name}` : `create ${visibility} ${name}`);
    keys.push(key);
    const refusal = refusals.create.shift();
    return refusal === undefined
      ? Promise.resolve({ ...room({ id: "made", name, visibility }), recovery_code: "code" })
      : Promise.reject(refusal);
  },
});

async function open(): Promise<RoomCreation> {
  const session = new SessionStore(api, new MemoryStorage());
  await session.load();
  let ids = 0;
  const creation = new RoomCreation({
    api,
    session,
    clock,
    random: () => 0,
    network: new NetworkReturn(page, clock),
    newId: () => `key-${(ids += 1)}`,
    onCreated: (room) => opened.push(room),
  });
  creation.subscribe(() => undefined);
  creation.setName("Quiet corner");
  creation.setNickname("Ann");
  return creation;
}

describe("a reader without a session who creates a room", () => {
  it("joins first, and then creates the room", async () => {
    const creation = await open();
    expect(creation.getSnapshot().needsNickname).toBe(true);
    await creation.create();
    expect(calls).toEqual(["join as Ann", "create Quiet corner"]);
    expect(opened.map(({ name }) => name)).toEqual(["Quiet corner"]);
    expect(creation.getSnapshot().needsNickname).toBe(false);
  });

  it("waits as long as the server says while too many people join, sees the wait, and then creates the room", async () => {
    refusals.join = [new Problem(429, "rate_limited", "", 5_000), new Problem(503, "server_full", "", 2_000)];
    const creation = await open();
    void creation.create();
    await settled();
    expect(creation.getSnapshot()).toMatchObject({ status: "waiting", retryAtMs: clock.now() + 5_000 });
    await clock.advance(4_999);
    expect(calls).toEqual(["join as Ann"]);
    await clock.advance(2_001);
    expect(calls).toEqual(["join as Ann", "join as Ann", "join as Ann", "create Quiet corner"]);
    expect(opened).toHaveLength(1);
  });

  it("joins as soon as the network returns", async () => {
    refusals.join = [new Problem(503, "server_full", "", 200_000)];
    const creation = await open();
    void creation.create();
    await settled();
    page.dispatchEvent(new Event("online"));
    await settled();
    expect(opened).toHaveLength(1);
  });

  it("who closes the form while it waits does not join later", async () => {
    refusals.join = [new Problem(429, "rate_limited", "", 5_000)];
    const creation = await open();
    void creation.create();
    await settled();
    creation.stop();
    await clock.advance(600_000);
    expect([calls, opened]).toEqual([["join as Ann"], []]);
  });
});

describe("a reader with a session who creates a room", () => {
  beforeEach(() => {
    user = { id: "ann-id", nickname: "Ann" };
  });

  it("is not asked for a nickname", async () => {
    const creation = await open();
    expect(creation.getSnapshot().needsNickname).toBe(false);
    await creation.create();
    expect(calls).toEqual(["create Quiet corner"]);
  });

  it("joins again if the session has ended", async () => {
    const creation = await open();
    user = null;
    refusals.create = [new Problem(401, "session_expired", "")];
    await creation.create();
    expect(calls).toEqual(["create Quiet corner", "join as Ann", "create Quiet corner"]);
    expect(opened).toHaveLength(1);
  });

  it("sees why the server refuses, and repeats the same call: the room is created once", async () => {
    refusals.create = [new Problem(503, "store_unavailable", "", 1_000), unreachable()];
    const creation = await open();
    await creation.create();
    expect(creation.getSnapshot()).toMatchObject({
      status: "refused",
      problem: { code: "store_unavailable" },
    });
    await creation.create();
    expect(creation.getSnapshot()).toMatchObject({ status: "refused", problem: { code: "unreachable" } });
    await creation.create();
    expect(opened).toHaveLength(1);
    expect(new Set(keys).size).toBe(1);
    creation.setName("Another corner");
    await creation.create();
    expect(new Set(keys).size).toBe(2);
  });

  it("makes the room for whom they choose, as another room than the first choice", async () => {
    refusals.create = [unreachable()];
    const creation = await open();
    await creation.create();
    creation.setVisibility("private");
    await creation.create();
    expect(calls).toEqual(["create Quiet corner", "create private Quiet corner"]);
    expect(opened).toMatchObject([{ visibility: "private", recovery_code: "code" }]);
    expect(new Set(keys).size).toBe(2);
  });

  it("sends one call, however often the button is pressed", async () => {
    const creation = await open();
    await Promise.all([creation.create(), creation.create(), creation.create()]);
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
    creation.setName(name);
    await creation.create();
    expect(creation.getSnapshot()).toMatchObject({ status: "refused", nameProblem: { kind } });
    expect(calls).toEqual([]);
    creation.setName("Quiet corner");
    expect(creation.getSnapshot().nameProblem).toBeNull();
  });

  it("in the nickname", async () => {
    const creation = await open();
    creation.setNickname("\u3164");
    await creation.create();
    expect(creation.getSnapshot()).toMatchObject({
      nameProblem: null,
      nicknameProblem: { kind: "character" },
    });
    expect(calls).toEqual([]);
  });

  it.each(["x".repeat(ROOM_NAME_MAX), "😀".repeat(ROOM_NAME_MAX), "산책 모임", "می‌خواهم", "👩‍👩‍👧‍👧"])(
    "a name that the server takes is sent: %j",
    async (name) => {
      const creation = await open();
      creation.setName(name);
      await creation.create();
      expect(opened).toHaveLength(1);
    },
  );
});
