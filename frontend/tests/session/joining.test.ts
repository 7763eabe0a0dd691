import { beforeEach, describe, expect, it } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import { Joining } from "@/lib/session/joining";
import { SessionStore } from "@/lib/session/session-store";
import { NetworkReturn } from "@/lib/network-return";
import { checkedApi } from "../support/contract";
import { FakeClock, settled } from "../support/fake-clock";
import { MemoryStorage } from "../support/memory-storage";

const PER_MIN = 60;
const BURST = 34;

let clock: FakeClock;
let refusals: Problem[];
let joined: string[];

beforeEach(() => {
  clock = new FakeClock();
  refusals = [];
  joined = [];
});

/** A page without a session whose reader is asked for a name. */
async function open(
  createSession = accept,
  random: () => number = () => 0,
  { storage = null as Storage | null, code = "unauthenticated" } = {},
) {
  const page = Object.assign(new EventTarget(), {
    document: Object.assign(new EventTarget(), { hidden: false }),
  });
  const api = checkedApi({
    me: () => Promise.reject(new Problem(401, code, "")),
    createSession: async (nickname: string) => {
      createSession(nickname);
      return Promise.resolve({ user: { id: `${nickname}-id`, nickname }, token: "t", expires_at: "" });
    },
    endSession: () => Promise.resolve(),
    endAllSessions: () => Promise.resolve(),
  });
  const session = new SessionStore(api, storage);
  const joining = new Joining({ session, clock, random, network: new NetworkReturn(page, clock) });
  await session.load();
  session.requireName();
  return { page, session, joining };
}

function accept(nickname: string): void {
  const refusal = refusals.shift();
  if (refusal !== undefined) throw refusal;
  joined.push(nickname);
}

describe("joining while the server refuses because too many people join", () => {
  it("waits as long as the server says, shows the wait, and joins by itself", async () => {
    refusals = [new Problem(429, "rate_limited", "", 5_000)];
    const { joining, session } = await open();
    joining.setNickname("Ann");
    void joining.join();
    await settled();
    expect(joining.getSnapshot()).toMatchObject({ status: "waiting", retryAtMs: clock.now() + 5_000 });
    await clock.advance(5_000);
    expect([joined, session.getSnapshot().viewer?.nickname]).toEqual([["Ann"], "Ann"]);
  });

  it("joins under the name that is then in the field", async () => {
    refusals = [new Problem(429, "rate_limited", "", 5_000)];
    const { joining } = await open();
    joining.setNickname("An");
    void joining.join();
    await settled();
    joining.setNickname("Ann");
    await clock.advance(5_000);
    expect(joined).toEqual(["Ann"]);
  });

  it("ends the wait when the network returns, or when Join is pressed again", async () => {
    refusals = [unreachable(), new Problem(429, "rate_limited", "", 60_000)];
    const { page, joining } = await open(accept, () => 1);
    joining.setNickname("Ann");
    void joining.join();
    await settled();
    page.dispatchEvent(new Event("online"));
    await settled();
    expect(joining.getSnapshot().status).toBe("waiting");
    void joining.join();
    await settled();
    await clock.advance(600_000);
    expect(joined).toEqual(["Ann"]);
  });

  it("stops when the prompt is cancelled", async () => {
    refusals = [new Problem(429, "rate_limited", "", 5_000)];
    const { joining, session } = await open();
    joining.setNickname("Ann");
    void joining.join();
    await settled();
    session.cancel();
    await clock.advance(600_000);
    expect(joined).toEqual([]);
  });

  it("lets a class of 100 people behind one address join without doing anything", async () => {
    let free = BURST;
    let lastMs = clock.now();
    const limited = (nickname: string) => {
      free = Math.min(BURST, free + ((clock.now() - lastMs) * PER_MIN) / 60_000);
      lastMs = clock.now();
      if (free < 1) throw new Problem(429, "rate_limited", "", 1_000);
      free -= 1;
      joined.push(nickname);
    };
    let seed = 1;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let number = 0; number < 100; number += 1) {
      const { joining } = await open(limited, random);
      joining.setNickname(`Pupil ${number}`);
      void joining.join();
    }
    await settled();
    expect(joined).toHaveLength(BURST);
    await clock.advance(5 * 60_000);
    expect(new Set(joined).size).toBe(100);
  });
});

describe("an expired session that cannot be renewed yet", () => {
  it("is renewed when the server allows it, under the remembered nickname", async () => {
    refusals = [new Problem(429, "rate_limited", "", 5_000)];
    const storage = new MemoryStorage();
    storage.setItem("hotchat.nickname", "Ann");
    const { joining, session } = await open(accept, () => 0, { storage, code: "session_expired" });
    await settled();
    expect(joining.getSnapshot()).toMatchObject({
      nickname: "Ann",
      status: "waiting",
      problem: { code: "rate_limited" },
      retryAtMs: clock.now() + 5_000,
    });
    await clock.advance(4_999);
    expect(joined).toEqual([]);
    await clock.advance(1);
    expect([joined, session.getSnapshot().viewer?.nickname]).toEqual([["Ann"], "Ann"]);
  });
});

describe("the field for the nickname", () => {
  it("has a suggestion even if the prompt opened before its form was loaded", async () => {
    const { session, page } = await open();
    const late = new Joining({ session, clock, random: () => 0, network: new NetworkReturn(page, clock) });
    expect(late.getSnapshot().nickname).not.toBe("");
  });

  it("has a suggestion, and keeps the typed text", async () => {
    const { joining } = await open();
    expect(joining.getSnapshot().nickname).not.toBe("");
    joining.setNickname("");
    joining.setNickname("A");
    expect(joining.getSnapshot().nickname).toBe("A");
  });

  it.each([
    ["👩‍👩‍👧‍👧".repeat(5), "length"],
    ["\u3164", "character"],
  ])("is checked before it is sent: %j", async (nickname, kind) => {
    const { joining } = await open();
    joining.setNickname(nickname);
    await joining.join();
    expect(joining.getSnapshot()).toMatchObject({ status: "refused", textProblem: { kind } });
    expect(joined).toEqual([]);
  });

  it("shows why the server refused the name", async () => {
    refusals = [new Problem(422, "validation_failed", "This name is reserved.")];
    const { joining } = await open();
    joining.setNickname("operator");
    await joining.join();
    expect(joining.getSnapshot()).toMatchObject({
      status: "refused",
      problem: { code: "validation_failed" },
    });
  });
});
