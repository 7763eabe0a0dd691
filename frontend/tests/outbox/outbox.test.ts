import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import type { Draft } from "@/lib/contract/types";
import { Outbox } from "@/lib/outbox/outbox";
import { memoryOutboxStore, type OutboxStore } from "@/lib/outbox/outbox-store";
import { FakeClock, settled } from "../support/fake-clock";
import { message } from "../support/fake-room";

let clock: FakeClock;
let store: OutboxStore;
let refusals: Problem[];
let received: Draft[];
let hasSession: boolean;

beforeEach(() => {
  clock = new FakeClock();
  store = memoryOutboxStore();
  refusals = [];
  received = [];
  hasSession = true;
});

function open(): Outbox {
  return new Outbox({
    store,
    clock,
    random: () => 0.5,
    renewSession: () => Promise.resolve(hasSession),
    exclusively: (_name, work) => work(),
    api: {
      post: (_roomId, draft) => {
        const refusal = refusals.shift();
        if (refusal !== undefined) return Promise.reject(refusal);
        if (!received.some((each) => each.client_message_id === draft.client_message_id))
          received.push(draft);
        return Promise.resolve(
          message(received.length, { id: `made-of-${draft.client_message_id}`, text: draft.text }),
        );
      },
    },
  });
}

const write = (outbox: Outbox, ...texts: string[]) => {
  for (const text of texts) outbox.add({ clientId: `id-of-${text}`, roomId: "lobby", text, replyTo: null });
};
const statuses = (outbox: Outbox) => outbox.getSnapshot().posts.map((post) => post.status);
const texts = () => received.map((draft) => draft.text);

describe("a post", () => {
  it("is in the list before anything is sent", () => {
    const outbox = open();
    write(outbox, "one");
    expect(statuses(outbox)).toEqual(["queued"]);
  });

  it("is sent in the order it was written", async () => {
    const outbox = open();
    write(outbox, "one", "two", "three");
    await settled();
    expect(texts()).toEqual(["one", "two", "three"]);
    expect(statuses(outbox)).toEqual(["sent", "sent", "sent"]);
    expect(outbox.clientIdOf("made-of-id-of-two")).toBe("id-of-two");
  });

  it("waits while the server is away and goes out with the same id, before what was written later", async () => {
    refusals = [unreachable(), unreachable()];
    const outbox = open();
    write(outbox, "one", "two");
    await settled();
    expect(statuses(outbox)).toEqual(["waiting", "queued"]);
    await clock.advance(10_000);
    expect(received.map((draft) => draft.client_message_id)).toEqual(["id-of-one", "id-of-two"]);
  });

  it("waits exactly as long as slow mode says", async () => {
    refusals = [new Problem(429, "slow_mode", "", 7_000)];
    const outbox = open();
    write(outbox, "one");
    await clock.advance(6_999);
    expect(received).toEqual([]);
    await clock.advance(1);
    expect(texts()).toEqual(["one"]);
  });

  it("that is refused for good is kept for its author, and later ones go on", async () => {
    refusals = [new Problem(422, "validation_failed", "")];
    const outbox = open();
    write(outbox, "one", "two");
    await settled();
    expect(statuses(outbox)).toEqual(["failed", "sent"]);
    outbox.retry("id-of-one");
    await settled();
    expect(texts()).toEqual(["two", "one"]);
  });

  it("survives a reload, failed ones as failed", async () => {
    refusals = [new Problem(422, "validation_failed", ""), unreachable()];
    write(open(), "one", "two", "three");
    await settled();
    const reopened = open();
    await reopened.restore();
    await settled();
    expect(statuses(reopened)).toEqual(["failed", "sent", "sent"]);
    expect(texts()).toEqual(["two", "three"]);
    expect((await store.all()).map((post) => post.text)).toEqual(["one"]);
  });

  it("asks for a session when the one just made is not taken either", async () => {
    refusals = [new Problem(401, "unauthenticated", ""), new Problem(401, "unauthenticated", "")];
    const outbox = open();
    write(outbox, "one");
    await settled();
    expect(outbox.getSnapshot().needsSession).toBe(true);
    outbox.sessionIsBack();
    await settled();
    expect(statuses(outbox)).toEqual(["sent"]);
  });

  it("renews an expired session without asking, else waits for a name", async () => {
    refusals = [new Problem(401, "session_expired", "")];
    const outbox = open();
    write(outbox, "one");
    await settled();
    expect(texts()).toEqual(["one"]);

    hasSession = false;
    refusals = [new Problem(401, "session_expired", "")];
    write(outbox, "two");
    await settled();
    expect(outbox.getSnapshot().needsSession).toBe(true);
    outbox.sessionIsBack();
    await settled();
    expect(texts()).toEqual(["one", "two"]);
  });
});

it("whatever fails in between, every post arrives once and in order", async () => {
  const failures = fc.array(
    fc.constantFrom(null, unreachable(), new Problem(503, "store_unavailable", "", 500)),
    {
      maxLength: 12,
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), failures, async (count, plan) => {
      received = [];
      store = memoryOutboxStore();
      refusals = plan.filter((problem) => problem !== null);
      const all = Array.from({ length: count }, (_, index) => `text-${index}`);
      write(open(), ...all);
      await clock.advance(600_000);
      expect(texts()).toEqual(all);
    }),
    { numRuns: 60 },
  );
});
