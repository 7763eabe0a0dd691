import { beforeEach, expect, it } from "vitest";
import { Problem } from "@/lib/api/problem";
import { NetworkReturn } from "@/lib/network-return";
import { CallForm } from "@/lib/session/call-form";
import { SessionStore } from "@/lib/session/session-store";
import { checkedApi } from "../support/contract";
import { FakeClock, settled } from "../support/fake-clock";
import { room } from "../support/fake-room";
import { MemoryStorage } from "../support/memory-storage";

let clock: FakeClock;
let calls: string[];
let refusals: { join: Problem[]; recover: Problem[] };
let user: { id: string; nickname: string } | null;

beforeEach(() => {
  clock = new FakeClock();
  calls = [];
  refusals = { join: [], recover: [] };
  user = null;
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
  recover: (_roomId: string, code: string) => {
    calls.push(`recover with ${code}`);
    const refusal = refusals.recover.shift();
    return refusal === undefined
      ? Promise.resolve({ ...room(), recovery_code: "NEXT" })
      : Promise.reject(refusal);
  },
});

async function open() {
  const page = Object.assign(new EventTarget(), {
    document: Object.assign(new EventTarget(), { hidden: false }),
  });
  const session = new SessionStore(api, new MemoryStorage());
  await session.load();
  const recovery = new CallForm({
    call: async () => (await api.recover("lobby", "FIRST")).recovery_code,
    session,
    clock,
    random: () => 0,
    network: new NetworkReturn(page, clock),
  });
  recovery.subscribe(() => undefined);
  return recovery;
}

it("a reader with a session makes the call without a question for a name", async () => {
  user = { id: "ann-id", nickname: "Ann" };
  const recovery = await open();
  expect(recovery.getSnapshot().needsNickname).toBe(false);
  await recovery.submit();
  expect(calls).toEqual(["recover with FIRST"]);
  expect(recovery.getSnapshot()).toMatchObject({ status: "done", result: "NEXT" });
});

it("a reader without a session joins first, and once", async () => {
  const recovery = await open();
  recovery.setNickname("Ann");
  await Promise.all([recovery.submit(), recovery.submit()]);
  expect(calls).toEqual(["join as Ann", "recover with FIRST"]);
});

it("a nickname that the servers would refuse is refused before any call", async () => {
  const recovery = await open();
  recovery.setNickname("\u3164");
  await recovery.submit();
  expect([calls, recovery.getSnapshot().status]).toEqual([[], "refused"]);
  expect(recovery.getSnapshot().nicknameProblem).not.toBeNull();
});

it("a session that has ended is made again", async () => {
  user = { id: "ann-id", nickname: "Ann" };
  const recovery = await open();
  recovery.setNickname("Ann");
  refusals.recover.push(new Problem(401, "session_expired", ""));
  user = null;
  await recovery.submit();
  expect(calls).toEqual(["recover with FIRST", "join as Ann", "recover with FIRST"]);
});

it("a call that is refused may be tried again", async () => {
  user = { id: "ann-id", nickname: "Ann" };
  const recovery = await open();
  refusals.recover.push(new Problem(403, "forbidden", "The code is wrong."));
  await recovery.submit();
  expect(recovery.getSnapshot()).toMatchObject({ status: "refused", result: null });
  expect(recovery.getSnapshot().problem?.code).toBe("forbidden");
  await recovery.submit();
  expect(recovery.getSnapshot().result).toBe("NEXT");
});

it("while too many join, the form waits and then goes on by itself", async () => {
  const recovery = await open();
  recovery.setNickname("Ann");
  refusals.join.push(new Problem(429, "rate_limited", "", 3_000));
  const recovering = recovery.submit();
  await settled();
  expect(recovery.getSnapshot().status).toBe("waiting");
  await clock.advance(10_000);
  await recovering;
  expect(recovery.getSnapshot().result).toBe("NEXT");
});
