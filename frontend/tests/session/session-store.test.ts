import { beforeEach, describe, expect, it } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import { DELAY_MAX_MS } from "@/lib/api/retries";
import { CALLS_MAX, SESSION_ATTEMPTS_MAX, SessionStore } from "@/lib/session/session-store";
import { checkedApi } from "../support/contract";
import { settled } from "../support/fake-clock";
import { MemoryStorage } from "../support/memory-storage";

let storage: MemoryStorage;
let refusals: Problem[];
let calls: string[];

const answer = <T>(call: string, value: T): Promise<T> => {
  calls.push(call);
  const refusal = refusals.shift();
  return refusal === undefined ? Promise.resolve(value) : Promise.reject(refusal);
};
const ann = { id: "ann-id", nickname: "Ann" };
const answers = {
  me: () => answer("me", ann),
  createSession: (nickname: string) =>
    answer("join", { user: { id: `${nickname}-id`, nickname }, token: "t", expires_at: "" }),
  endSession: () => answer("end", undefined),
  endAllSessions: () => answer("end all", undefined),
};
const api = checkedApi(answers);
const open = () => new SessionStore(api, storage);
/** A page that knows from the server that there is no session. */
const openWithoutSession = async () => {
  refusals.unshift(new Problem(401, "unauthenticated", ""));
  const session = open();
  await session.load();
  calls = [];
  return session;
};

beforeEach(() => {
  storage = new MemoryStorage();
  refusals = [];
  calls = [];
});

describe("signing out", () => {
  it("ends the session and clears the user, but not the reading pace", async () => {
    const session = open();
    await session.join("Ann");
    storage.setItem("hotchat.draft.lobby", "half a thought");
    storage.setItem("hotchat.pin-hidden", "[]");
    storage.setItem("hotchat.read", "{}");
    storage.setItem("hotchat.own-messages", "[]");
    storage.setItem("hotchat.reading", "calm");
    await session.signOut(false);
    expect(calls).toEqual(["join", "end"]);
    expect(session.getSnapshot().viewer).toBeNull();
    expect(storage.getItem("hotchat.nickname")).toBeNull();
    expect(storage.getItem("hotchat.draft.lobby")).toBeNull();
    expect(storage.getItem("hotchat.pin-hidden")).toBeNull();
    expect(storage.getItem("hotchat.read")).toBeNull();
    expect(storage.getItem("hotchat.own-messages")).toBeNull();
    expect(storage.getItem("hotchat.reading")).toBe("calm");
    expect(session.rememberedNickname).toBeNull();
  });

  it("of all sessions is one call, and succeeds for a session that has already ended", async () => {
    const session = open();
    await session.join("Ann");
    refusals = [new Problem(401, "session_expired", "")];
    await session.signOut(true);
    expect(calls).toEqual(["join", "end all"]);
    expect(session.getSnapshot().viewer).toBeNull();
  });

  it("without a response changes nothing", async () => {
    const session = open();
    await session.join("Ann");
    refusals = [unreachable()];
    await expect(session.signOut(false)).rejects.toThrow("unreachable");
    expect(session.getSnapshot().viewer?.nickname).toBe("Ann");
    expect(storage.getItem("hotchat.nickname")).toBe("Ann");
  });
});

it("calls that wait for a nickname follow once there is one; over the limit the oldest is dropped", async () => {
  const session = open();
  const made: number[] = [];
  for (let number = 0; number <= CALLS_MAX; number += 1) session.withName(() => made.push(number));
  await session.join("Ann");
  expect(made).toEqual(Array.from({ length: CALLS_MAX }, (_, index) => index + 1));
});

describe("a reader who writes", () => {
  it("before the session is loaded is not asked for a nickname if there is a session", async () => {
    const session = open();
    let made = 0;
    session.withName(() => (made += 1));
    expect([session.getSnapshot().isAskingForName, made]).toEqual([false, 0]);
    await session.load();
    expect([session.getSnapshot().isAskingForName, made]).toEqual([false, 1]);
  });

  it("before the session is loaded is asked for a nickname if there is no session", async () => {
    refusals = [new Problem(401, "unauthenticated", "")];
    const session = open();
    session.requireName();
    await session.load();
    expect(session.getSnapshot().isAskingForName).toBe(true);
  });

  it("under an expired session is not asked for a nickname while it is renewed, however often they press Send", async () => {
    storage.setItem("hotchat.nickname", "Ann");
    refusals = [new Problem(401, "session_expired", "")];
    const session = open();
    await session.load();
    for (let press = 0; press < 3; press += 1) session.requireName();
    expect(session.getSnapshot().isAskingForName).toBe(false);
    await settled();
    expect(calls).toEqual(["me", "join"]);
    expect(session.getSnapshot().viewer?.nickname).toBe("Ann");
  });

  it("under an expired session that cannot be renewed yet is asked for a nickname, with the reason", async () => {
    storage.setItem("hotchat.nickname", "Ann");
    const refusal = new Problem(429, "rate_limited", "", 5_000);
    refusals = [new Problem(401, "session_expired", ""), refusal];
    const session = open();
    await session.load();
    session.requireName();
    await settled();
    expect(session.getSnapshot()).toMatchObject({ isAskingForName: true, renewalRefusal: refusal });
    session.cancel();
    expect(session.getSnapshot()).toMatchObject({ isAskingForName: false, renewalRefusal: null });
  });

  it("under a remembered nickname that the server now refuses is asked for another one", async () => {
    storage.setItem("hotchat.nickname", "Ann");
    refusals = [new Problem(401, "session_expired", ""), new Problem(422, "validation_failed", "")];
    const session = open();
    await session.load();
    session.requireName();
    await settled();
    expect(session.getSnapshot()).toMatchObject({ isAskingForName: true, renewalRefusal: null });
  });

  it("stays signed in if a response from before they joined arrives late", async () => {
    let answerLate = () => {};
    const late = new SessionStore(
      checkedApi({
        ...answers,
        me: () =>
          new Promise<typeof ann>(
            (_, reject) => (answerLate = () => reject(new Problem(401, "unauthenticated", ""))),
          ),
      }),
      storage,
    );
    const loaded = late.load();
    await late.join("Ann");
    answerLate();
    await loaded;
    expect(late.getSnapshot().viewer?.nickname).toBe("Ann");
  });
});

describe("a call under a session that has ended", () => {
  it.each(["session_expired", "unauthenticated"])("is repeated under a new session: %s", async (code) => {
    const session = open();
    await session.join("Ann");
    calls = [];
    let attempts = 0;
    refusals = [new Problem(401, code, "")]; // of `me`
    await session.withSession(() => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(new Problem(401, code, "")) : Promise.resolve();
    });
    expect([attempts, calls]).toEqual([2, ["me", "join"]]);
  });

  it("waits until its user could join again", async () => {
    const session = open();
    await session.join("Ann");
    let attempts = 0;
    const refusal = new Problem(429, "rate_limited", "", 5_000);
    refusals = [new Problem(401, "session_expired", ""), refusal];
    const called = session.withSession(() => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(new Problem(401, "session_expired", "")) : Promise.resolve();
    });
    await settled();
    expect([attempts, session.getSnapshot().renewalRefusal]).toEqual([1, refusal]);
    await session.join("Ann");
    await called;
    expect(attempts).toBe(2);
  });

  it("that is refused for another reason is not repeated", async () => {
    const session = open();
    await session.join("Ann");
    calls = [];
    const call = () => Promise.reject(new Problem(403, "forbidden", ""));
    await expect(session.withSession(call)).rejects.toThrow("forbidden");
    expect(calls).toEqual([]);
  });
});

it("joining in another tab closes the prompt in this one", async () => {
  const here = await openWithoutSession();
  here.requireName();
  here.onStorageEvent({ key: "hotchat.user", newValue: "ann-id" });
  await settled();
  expect(here.getSnapshot()).toEqual({ viewer: ann, isAskingForName: false, renewalRefusal: null });
});

describe("other tabs", () => {
  it("that sign in or out update this one", async () => {
    const [here, there] = [open(), open()];
    await here.load();
    await there.join("Bob");
    expect(here.isStillUser("ann-id")).toBe(false);
    refusals = [new Problem(401, "unauthenticated", "")];
    here.onStorageEvent({ key: "hotchat.user", newValue: "Bob-id" });
    await Promise.resolve();
    await Promise.resolve();
    expect(calls).toEqual(["me", "join", "me"]);
    expect(here.getSnapshot().viewer).toBeNull();
  });
});

describe("an app that opens while the server is unavailable", () => {
  it("keeps the stored user", async () => {
    await open().join("Ann");
    refusals = [unreachable()];
    const session = open();
    await session.load();
    expect(session.getSnapshot().viewer).toEqual({ id: "Ann-id", nickname: "Ann" });
  });

  it("has no user if nobody was signed in", async () => {
    refusals = [unreachable()];
    const session = open();
    await session.load();
    expect(session.getSnapshot().viewer).toBeNull();
  });
});

describe("a page that opens while the server refuses requests", () => {
  const waits: number[] = [];
  const wait = (ms: number) => {
    waits.push(ms);
    return Promise.resolve();
  };

  it("retries until it knows its user", async () => {
    refusals = [new Problem(503, "server_full", "", 1_000), unreachable()];
    waits.length = 0;
    const session = open();
    await session.loadWithRetry(wait, () => 0);
    expect(calls).toEqual(["me", "me", "me"]);
    expect(waits).toEqual([1_000, 0]);
    expect(session.getSnapshot().viewer).toEqual(ann);
  });

  it("stops retrying once the server responds that there is no session", async () => {
    refusals = [new Problem(401, "unauthenticated", "")];
    const session = open();
    await session.loadWithRetry(wait, () => 0);
    expect(calls).toEqual(["me"]);
    expect(session.getSnapshot().viewer).toBeNull();
  });
});

describe("joining while the server refuses", () => {
  const waits: number[] = [];
  const wait = (ms: number) => {
    waits.push(ms);
    return Promise.resolve();
  };

  it("waits as long as the server says, plus a growing random time", async () => {
    refusals = [new Problem(429, "rate_limited", "", 5_000), new Problem(503, "server_full", "", 1_000)];
    waits.length = 0;
    await open().joinWithRetry(
      () => "Ann",
      wait,
      () => 0.5,
    );
    expect(calls).toEqual(["join", "join", "join"]);
    expect(waits).toEqual([5_500, 2_000]);
  });

  it("gives up after many attempts, and never waits longer than five minutes", async () => {
    refusals = Array.from({ length: 200 }, () => new Problem(429, "rate_limited", "", 3_600_000));
    waits.length = 0;
    const joined = open().joinWithRetry(
      () => "Ann",
      wait,
      () => 1,
    );
    await expect(joined).rejects.toThrow("rate_limited");
    expect(calls).toHaveLength(SESSION_ATTEMPTS_MAX);
    expect(Math.max(...waits)).toBe(DELAY_MAX_MS);
  });

  it("reports an invalid nickname at once", async () => {
    refusals = [new Problem(422, "validation_failed", "")];
    const joined = open().joinWithRetry(
      () => "operator",
      wait,
      () => 0,
    );
    await expect(joined).rejects.toThrow("validation_failed");
    expect(calls).toEqual(["join"]);
  });
});

describe("two tabs of one browser whose sessions differ", () => {
  it.each<[string, Problem | { id: string; nickname: string }]>([
    ["another user", { id: "bob-id", nickname: "Bob" }],
    ["none", new Problem(401, "unauthenticated", "")],
  ])("do not answer each other for ever: the other one has %s", async (_whose, other) => {
    let fetches = 0;
    const sessions: SessionStore[] = [];
    /** Storage events reach all tabs but the one that writes. */
    const storageOf = (tab: number): Storage => {
      const own = new MemoryStorage();
      return Object.assign(own, {
        getItem: storage.getItem,
        setItem: (key: string, newValue: string) => {
          if (storage.getItem(key) === newValue) return;
          storage.setItem(key, newValue);
          for (const [at, session] of sessions.entries())
            if (at !== tab) queueMicrotask(() => session.onStorageEvent({ key, newValue }));
        },
      });
    };
    const apiOf = (user: Problem | typeof ann) =>
      checkedApi({
        ...answers,
        me: () => {
          fetches += 1;
          return user instanceof Problem ? Promise.reject<typeof ann>(user) : Promise.resolve(user);
        },
      });
    sessions.push(new SessionStore(apiOf(ann), storageOf(0)), new SessionStore(apiOf(other), storageOf(1)));
    for (const session of sessions) await session.load();
    for (let turn = 0; turn < 20; turn += 1) await settled();
    expect(fetches).toBeLessThanOrEqual(6);
    expect(sessions[0]?.getSnapshot().viewer).toEqual(ann);
  });
});

it("a page that the browser shows again learns who has signed in meanwhile", async () => {
  const session = open();
  await session.join("Bob");
  storage.setItem("hotchat.user", "ann-id"); // its storage event was lost
  session.onPageShow({ persisted: false });
  expect(session.getSnapshot().viewer?.id).toBe("Bob-id");
  session.onPageShow({ persisted: true });
  await settled();
  expect(session.getSnapshot().viewer).toEqual(ann);
});
