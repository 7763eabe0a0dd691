import { beforeEach, describe, expect, it } from "vitest";
import { Problem } from "@/lib/api/problem";
import { CallForm } from "@/lib/session/call-form";
import { SessionStore } from "@/lib/session/session-store";
import { checkedApi } from "../support/contract";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeNetwork } from "../support/fake-network";
import { room } from "../support/fake-room";
import { MemoryStorage } from "../support/memory-storage";

let clock: FakeClock;
let network: FakeNetwork;
let calls: string[];
let refusals: { join: Problem[]; recover: Problem[] };
let user: { id: string; nickname: string } | null;

beforeEach(() => {
  clock = new FakeClock();
  network = new FakeNetwork(clock);
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
  const session = new SessionStore(api, new MemoryStorage());
  await session.load();
  const recovery = new CallForm({
    fields: {},
    call: async () => (await api.recover("lobby", "FIRST")).recovery_code,
    session,
    clock,
    random: () => 0,
    network,
  });
  recovery.subscribe(() => undefined);
  return recovery;
}

it("a reader with a session is not asked for a nickname", async () => {
  user = { id: "ann-id", nickname: "Ann" };
  const recovery = await open();
  expect(recovery.getSnapshot().needsNickname).toBe(false);
  await recovery.submit();
  expect(calls).toEqual(["recover with FIRST"]);
  expect(recovery.getSnapshot()).toMatchObject({ status: "done", result: "NEXT" });
});

it("a reader without a session joins first, and once", async () => {
  const recovery = await open();
  expect(recovery.getSnapshot().needsNickname).toBe(true);
  recovery.setNickname("Ann");
  await Promise.all([recovery.submit(), recovery.submit()]);
  expect(calls).toEqual(["join as Ann", "recover with FIRST"]);
  expect(recovery.getSnapshot().needsNickname).toBe(false);
});

it("a nickname that the servers would refuse is refused before any call", async () => {
  const recovery = await open();
  recovery.setNickname("\u3164");
  await recovery.submit();
  expect([calls, recovery.getSnapshot().status]).toEqual([[], "refused"]);
  expect(recovery.getSnapshot().nicknameProblem).not.toBeNull();
});

it("a reader whose session has ended joins again, and the call is repeated", async () => {
  user = { id: "ann-id", nickname: "Ann" };
  const recovery = await open();
  recovery.setNickname("Ann");
  refusals.recover.push(new Problem(401, "session_expired", ""));
  user = null;
  await recovery.submit();
  expect(calls).toEqual(["recover with FIRST", "join as Ann", "recover with FIRST"]);
});

it("a refused call may be repeated", async () => {
  user = { id: "ann-id", nickname: "Ann" };
  const recovery = await open();
  refusals.recover.push(new Problem(403, "forbidden", "The code is wrong."));
  await recovery.submit();
  expect(recovery.getSnapshot()).toMatchObject({ status: "refused", result: null });
  expect(recovery.getSnapshot().problem?.code).toBe("forbidden");
  await recovery.submit();
  expect(recovery.getSnapshot().result).toBe("NEXT");
});

describe("while too many people join", () => {
  it("the form waits as long as the server says, shows the wait, and then makes the call", async () => {
    const recovery = await open();
    recovery.setNickname("Ann");
    refusals.join = [new Problem(429, "rate_limited", "", 5_000), new Problem(503, "server_full", "", 2_000)];
    const recovering = recovery.submit();
    await settled();
    expect(recovery.getSnapshot()).toMatchObject({ status: "waiting", retryAtMs: clock.now() + 5_000 });
    await clock.advance(4_999);
    expect(calls).toEqual(["join as Ann"]);
    await clock.advance(2_001);
    await recovering;
    expect(calls).toEqual(["join as Ann", "join as Ann", "join as Ann", "recover with FIRST"]);
    expect(recovery.getSnapshot().result).toBe("NEXT");
  });

  it("the form joins as soon as the network returns", async () => {
    const recovery = await open();
    refusals.join = [new Problem(503, "server_full", "", 200_000)];
    const recovering = recovery.submit();
    await settled();
    network.return();
    await recovering;
    expect(recovery.getSnapshot().status).toBe("done");
  });

  it("a form that is closed does not join later", async () => {
    const recovery = await open();
    recovery.setNickname("Ann");
    refusals.join = [new Problem(429, "rate_limited", "", 5_000)];
    void recovery.submit();
    await settled();
    recovery.stop();
    await clock.advance(600_000);
    expect(calls).toEqual(["join as Ann"]);
  });
});

it("a form that is closed during the call reports no result", async () => {
  user = { id: "ann-id", nickname: "Ann" };
  const recovery = await open();
  const results: (string | null)[] = [];
  const recovering = recovery.submit((result) => results.push(result));
  recovery.stop();
  await recovering;
  expect([calls, results]).toEqual([["recover with FIRST"], []]);
});
