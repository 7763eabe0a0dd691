import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import type { Draft } from "@/lib/contract/types";
import {
  HELD_CHECK_MAX_MS,
  HELD_CHECK_MS,
  HELD_REFUSED,
  OtherSession,
  Outbox,
  RESTORE_ATTEMPTS_MAX,
  SENT_MAX,
  SESSION_OVER,
  STORE_WAIT_MS,
  UNSENT_MAX,
} from "@/lib/outbox/outbox";
import type { OutboxStore } from "@/lib/outbox/outbox-store";
import { checkedApi } from "../support/contract";
import { FakeClock, settled } from "../support/fake-clock";
import { message } from "../support/fake-room";
import { memoryOutboxStore } from "../support/memory-outbox-store";

let clock: FakeClock;
let store: OutboxStore;
let refusals: Problem[];
let received: Draft[];
let userId: string | null | undefined;
let unlocking: () => Promise<void>;
let browserIsOf: string; // the user whose cookie the browser has
let sentAs: string[];
let senders: Map<string, string>;
let calls: string[]; // the client ids of all requests, refused ones included
let done: string[]; // messages to the other tabs
let isHeld: boolean; // whether a filter of the room holds posts

beforeEach(() => {
  clock = new FakeClock();
  store = memoryOutboxStore();
  refusals = [];
  received = [];
  userId = "ann";
  browserIsOf = "ann";
  unlocking = () => Promise.resolve();
  sentAs = [];
  senders = new Map();
  calls = [];
  done = [];
  isHeld = false;
});

function open(): Outbox {
  return new Outbox({
    store,
    clock,
    random: () => 0.5,
    userId: () => userId,
    sessionIsOver: () => {
      userId = null;
    },
    asUser: (writer, work) => {
      if (writer !== browserIsOf) return Promise.reject(new OtherSession());
      sentAs.push(writer);
      return work();
    },
    exclusively: async (_name, work) => {
      await work();
      await unlocking();
    },
    announceDone: (clientId) => done.push(clientId),
    api: checkedApi({
      post: (_roomId: string, draft: Draft) => {
        calls.push(draft.client_message_id);
        const refusal = refusals.shift();
        if (refusal !== undefined) return Promise.reject(refusal);
        senders.set(draft.text, sentAs.at(-1) ?? "");
        if (isHeld) {
          const { id, room_id, author, text, reply_to, created_at } = message(1, { text: draft.text });
          const shape = { id, room_id, author, text, reply_to, created_at, reactions: {}, deleted: false };
          return Promise.resolve({
            ...shape,
            seq: null,
            edited_at: null,
            held: true,
            filter: "words",
          } as const);
        }
        if (!received.some((each) => each.client_message_id === draft.client_message_id))
          received.push(draft);
        return Promise.resolve(
          message(received.length, { id: `made-of-${draft.client_message_id}`, text: draft.text }),
        );
      },
    }),
  });
}

const write = (outbox: Outbox, ...texts: string[]) => {
  for (const text of texts) outbox.add({ clientId: `id-of-${text}`, roomId: "lobby", text, replyTo: null });
};
const statuses = (outbox: Outbox) => outbox.getSnapshot().posts.map((post) => post.status);
const texts = () => received.map((draft) => draft.text);

const failing = (): Promise<never> =>
  Promise.reject(new DOMException("The connection is closing", "InvalidStateError"));
const hanging = (): Promise<never> => new Promise(() => {});

describe("a store that is lost while the page is open", () => {
  it.each<[string, () => Promise<never>]>([
    ["rejects", failing],
    ["never settles", hanging],
  ])("is left out: each message is posted once, and the next one follows (it %s)", async (_how, fault) => {
    store = { all: fault, put: fault, remove: fault };
    const outbox = open();
    void outbox.restore();
    write(outbox, "one");
    await clock.advance(STORE_WAIT_MS);
    write(outbox, "two");
    await clock.advance(600_000);
    expect([calls, statuses(outbox)]).toEqual([
      ["id-of-one", "id-of-two"],
      ["sent", "sent"],
    ]);
  });

  it("that hangs delays only the first message", async () => {
    store = { ...store, put: hanging };
    const outbox = open();
    write(outbox, "one");
    await clock.advance(STORE_WAIT_MS);
    write(outbox, "two");
    await settled();
    expect(texts()).toEqual(["one", "two"]);
  });

  it("does not turn a permanent refusal into another attempt", async () => {
    store = { all: failing, put: failing, remove: failing };
    refusals = [new Problem(422, "validation_failed", "No.")];
    const outbox = open();
    write(outbox, "one");
    await clock.advance(600_000);
    expect([calls, statuses(outbox)]).toEqual([["id-of-one"], ["failed"]]);
    outbox.discard("id-of-one");
    expect(statuses(outbox)).toEqual([]);
  });
});

describe("posts of an earlier visit", () => {
  beforeEach(async () => {
    refusals = [unreachable()];
    write(open(), "one");
    await settled();
    refusals = [];
    clock = new FakeClock(); // the earlier page does nothing more
  });

  it("are restored and sent once a store that failed works again", async () => {
    const working = store;
    store = { ...store, all: failing };
    const outbox = open();
    void outbox.restore();
    await clock.advance(2_000);
    expect(statuses(outbox)).toEqual([]);
    Object.assign(store, { all: () => working.all() });
    await clock.advance(30_000);
    expect([statuses(outbox), texts()]).toEqual([["sent"], ["one"]]);
  });

  it("are loaded in a limited number of attempts, and again when the network returns", async () => {
    let reads = 0;
    const working = store;
    store = {
      ...store,
      all: () => {
        reads += 1;
        return failing();
      },
    };
    const outbox = open();
    void outbox.restore();
    await clock.advance(3_600_000);
    expect(reads).toBe(RESTORE_ATTEMPTS_MAX);
    Object.assign(store, { all: () => working.all() });
    outbox.wake();
    await settled();
    expect(texts()).toEqual(["one"]);
    outbox.wake();
    await settled();
    expect(statuses(outbox)).toEqual(["sent"]);
  });

  it("are not restored once they were discarded here, even if the store could not remove them", async () => {
    const working = store;
    store = { ...store, all: failing, remove: failing };
    const outbox = open();
    void outbox.restore();
    outbox.discard("id-of-one");
    Object.assign(store, { all: () => working.all() });
    await clock.advance(30_000);
    expect([statuses(outbox), texts()]).toEqual([[], []]);
  });
});

describe("a wait", () => {
  it("is not affected by setting the device's clock back", async () => {
    refusals = [new Problem(503, "store_unavailable", "", 2_000)];
    const outbox = open();
    write(outbox, "one");
    await settled();
    clock.set(-3_600_000);
    write(outbox, "two");
    await clock.advance(2_000);
    expect(texts()).toEqual(["one", "two"]);
  });

  it("lasts a few minutes at most, whatever Retry-After says", async () => {
    refusals = [new Problem(429, "slow_mode", "", 6 * 3_600_000)];
    write(open(), "one");
    await clock.advance(300_000);
    expect(texts()).toEqual(["one"]);
  });

  it("ends early when the network returns", async () => {
    refusals = [unreachable(), unreachable(), unreachable(), new Problem(503, "server_full", "", 200_000)];
    const outbox = open();
    write(outbox, "one");
    await clock.advance(10_000);
    expect(statuses(outbox)).toEqual(["waiting"]);
    outbox.wake();
    await settled();
    expect(texts()).toEqual(["one"]);
    await clock.advance(600_000);
    expect(calls).toHaveLength(5);
  });
});

describe("the outbox", () => {
  it("accepts a limited number of unsent posts, and more once some were sent or discarded", async () => {
    refusals = [unreachable()];
    const outbox = open();
    for (let index = 0; index < UNSENT_MAX; index += 1) write(outbox, `text-${index}`);
    await settled();
    expect(outbox.isFull).toBe(true);
    write(outbox, "one too many");
    expect(statuses(outbox)).toHaveLength(UNSENT_MAX);
    outbox.discard("id-of-text-7");
    expect(outbox.isFull).toBe(false);
  });

  it("drops posts that another tab has sent or discarded, and reports its own to the others", async () => {
    refusals = [new Problem(422, "validation_failed", ""), new Problem(422, "validation_failed", "")];
    const outbox = open();
    write(outbox, "one", "two", "three");
    await settled();
    outbox.doneElsewhere("id-of-one");
    outbox.discard("id-of-two");
    expect(outbox.getSnapshot().posts.map((post) => post.text)).toEqual(["three"]);
    expect(done).toEqual(["id-of-three", "id-of-two"]);
  });
});

it("a post that another tab discards while it is being sent is not retried", async () => {
  refusals = [unreachable()];
  const outbox = open();
  const stop = outbox.subscribe(() => {
    if (statuses(outbox)[0] !== "sending") return;
    stop();
    outbox.doneElsewhere("id-of-one");
  });
  write(outbox, "one", "two");
  await clock.advance(600_000);
  expect([calls, texts()]).toEqual([["id-of-one", "id-of-two"], ["two"]]);
});

describe("a post that was refused for good", () => {
  it("keeps the server's reason over a reload", async () => {
    refusals = [new Problem(403, "forbidden", "You may not write here.")];
    write(open(), "one");
    await settled();
    const reopened = open();
    await reopened.restore();
    expect(reopened.getSnapshot().posts).toMatchObject([
      { status: "failed", code: "forbidden", detail: "You may not write here." },
    ]);
  });

  it("is replaced by its correction", async () => {
    refusals = [new Problem(422, "validation_failed", "")];
    const outbox = open();
    write(outbox, "wrong");
    await settled();
    outbox.correct("id-of-wrong", { clientId: "new", roomId: "lobby", text: "right" });
    await settled();
    expect(received).toEqual([{ client_message_id: "new", text: "right" }]);
    expect([outbox.getSnapshot().posts.map((post) => post.text), await store.all()]).toEqual([["right"], []]);
  });

  it("and discarded during its correction is still corrected", async () => {
    const outbox = open();
    outbox.correct("gone", { clientId: "new", roomId: "lobby", text: "right" });
    await settled();
    expect(texts()).toEqual(["right"]);
  });

  it("because it replies to an unknown message is retried without the reply", async () => {
    refusals = [new Problem(404, "message_not_found", "")];
    const outbox = open();
    outbox.add({ clientId: "a", roomId: "lobby", text: "yes", replyTo: "unknown" });
    await settled();
    outbox.retry("a");
    await settled();
    expect(received).toEqual([{ client_message_id: "a", text: "yes" }]);
  });
});

describe("a post", () => {
  it("is listed before it is sent", () => {
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

  it("waits while the server is unavailable and is sent with the same id, before later ones", async () => {
    refusals = [unreachable(), unreachable()];
    const outbox = open();
    write(outbox, "one", "two");
    await settled();
    expect(statuses(outbox)).toEqual(["waiting", "queued"]);
    await clock.advance(10_000);
    expect(received.map((draft) => draft.client_message_id)).toEqual(["id-of-one", "id-of-two"]);
  });

  it("that is added while the lock is released is sent", async () => {
    const outbox = open();
    let unlock = () => {};
    unlocking = () => new Promise((resolve) => (unlock = resolve));
    write(outbox, "one");
    await settled();
    write(outbox, "two");
    await settled();
    expect(texts()).toEqual(["one"]);
    unlock();
    await settled();
    expect(texts()).toEqual(["one", "two"]);
  });

  it("whose wait ends while the lock is released is sent", async () => {
    refusals = [unreachable()];
    unlocking = () => new Promise((released) => clock.after(60_000, released));
    const outbox = open();
    write(outbox, "one", "two");
    await clock.advance(59_000); // a browser without a free core releases the lock later than the wait ends
    unlocking = () => Promise.resolve();
    await clock.advance(2_000);
    expect([texts(), statuses(outbox)]).toEqual([
      ["one", "two"],
      ["sent", "sent"],
    ]);
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

  it("remains after it was sent until the room shows its message, and is then replaced without a change on screen", async () => {
    const outbox = open();
    write(outbox, "one", "two");
    await settled();
    let changes = 0;
    outbox.subscribe(() => (changes += 1));
    outbox.confirm(outbox.getSnapshot().posts.slice(0, 1));
    expect(outbox.getSnapshot().posts.map((post) => post.clientId)).toEqual(["id-of-two"]);
    expect([changes, outbox.clientIdOf("made-of-id-of-one")]).toEqual([0, "id-of-one"]);
  });

  it("to a room that nobody opens again is dropped after many others, but only once it is sent", async () => {
    refusals = [new Problem(422, "validation_failed", "")];
    const outbox = open();
    write(outbox, "refused");
    for (let index = 0; index < SENT_MAX + 5; index += 1) {
      write(outbox, `text-${index}`);
      await settled();
    }
    await settled();
    const { posts } = outbox.getSnapshot();
    expect(posts.map((post) => post.text).slice(0, 2)).toEqual(["refused", "text-5"]);
    expect(posts).toHaveLength(1 + SENT_MAX);
  });

  it("that is refused permanently is kept, and later ones are sent", async () => {
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

  it("is kept unsent when its author's session ends, until somebody retries it", async () => {
    refusals = [new Problem(401, "session_expired", "")];
    const outbox = open();
    write(outbox, "one", "two");
    await settled();
    outbox.userChanged();
    expect(outbox.getSnapshot().posts.map((post) => "code" in post && post.code)).toEqual([
      SESSION_OVER,
      SESSION_OVER,
    ]);
    userId = browserIsOf = "bob";
    outbox.userChanged();
    await settled();
    expect(texts()).toEqual([]);
    outbox.retry("id-of-one");
    outbox.discard("id-of-two");
    await settled();
    expect([texts(), sentAs.at(-1), await store.all()]).toEqual([["one"], "bob", []]);
  });

  it("is never sent under another user who has signed in elsewhere", async () => {
    const outbox = open();
    browserIsOf = "bob"; // in another tab, unknown to this one
    write(outbox, "one");
    await settled();
    expect([statuses(outbox), sentAs]).toEqual([["failed"], []]);
  });

  it("of another user waits after a reload, and is sent when its author returns", async () => {
    refusals = [unreachable()];
    write(open(), "one");
    await settled();
    userId = browserIsOf = "bob";
    const reopened = open();
    await reopened.restore();
    await clock.advance(600_000);
    expect([statuses(reopened), texts()]).toEqual([["failed"], []]);
    userId = browserIsOf = "ann";
    reopened.userChanged();
    await settled();
    expect([texts(), sentAs.at(-1)]).toEqual([["one"], "ann"]);
  });

  it("waits until the user is known", async () => {
    refusals = [unreachable()];
    write(open(), "one");
    await settled();
    userId = undefined;
    const reopened = open();
    await reopened.restore();
    await clock.advance(600_000);
    expect(statuses(reopened)).toEqual(["queued"]);
    userId = "ann";
    reopened.userChanged();
    await settled();
    expect(texts()).toEqual(["one"]);
  });
});

it("never sends a post under another user, however often people sign in and out", async () => {
  const step = fc.constantFrom("write", "ann", "bob", "out", "reload", "refused", "wait");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      [store, received, refusals, sentAs] = [memoryOutboxStore(), [], [], []];
      userId = browserIsOf = "ann";
      const writers = new Map<string, string>();
      let outbox = open();
      for (const [index, name] of steps.entries()) {
        if (name === "write" && userId) {
          writers.set(`text-${index}`, userId);
          write(outbox, `text-${index}`);
        } else if (name === "ann" || name === "bob") {
          userId = browserIsOf = name;
          outbox.userChanged();
        } else if (name === "out") {
          userId = null;
          browserIsOf = "";
          outbox.userChanged();
        } else if (name === "reload") {
          outbox = open();
          await outbox.restore();
        } else if (name === "refused") refusals.push(unreachable());
        else await clock.advance(60_000);
        await settled();
      }
      await clock.advance(600_000);
      expect(sentAs.every((writer) => writer === "ann" || writer === "bob")).toBe(true);
      for (const { text } of received) expect(senders.get(text)).toBe(writers.get(text));
    }),
    { numRuns: 1_000 },
  );
});

it("every post arrives once and in order, whatever fails in between", async () => {
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
    { numRuns: 500 },
  );
});

describe("a post that a filter holds", () => {
  const held = async (): Promise<Outbox> => {
    isHeld = true;
    const outbox = open();
    write(outbox, "one");
    await settled();
    return outbox;
  };

  it("waits for a moderator, does not keep later posts back, and is sent once it is allowed", async () => {
    const outbox = await held();
    expect(outbox.getSnapshot().posts).toMatchObject([{ status: "held", heldId: "message-1" }]);
    isHeld = false;
    write(outbox, "two");
    await settled();
    expect(statuses(outbox)).toEqual(["held", "sent"]);
    await clock.advance(HELD_CHECK_MS);
    expect(statuses(outbox)).toEqual(["sent", "sent"]);
    expect(calls).toEqual(["id-of-one", "id-of-two", "id-of-one"]);
    expect(await store.all()).toEqual([]);
  });

  it("is sent at once when the room shows its message", async () => {
    const outbox = await held();
    outbox.shows(message(7, { id: "of somebody else" }));
    expect(statuses(outbox)).toEqual(["held"]);
    outbox.shows(message(8, { id: "message-1", text: "one" }));
    expect(outbox.getSnapshot().posts).toMatchObject([{ status: "sent", message: { seq: 8 } }]);
    expect(outbox.clientIdOf("message-1")).toBe("id-of-one");
    expect([await store.all(), done]).toEqual([[], ["id-of-one"]]);
    await clock.advance(HELD_CHECK_MAX_MS);
    expect([statuses(outbox), calls]).toEqual([["sent"], ["id-of-one"]]);
  });

  it("is not held again by a response that was on its way when the room showed it", async () => {
    const outbox = await held();
    const checked = clock.advance(HELD_CHECK_MS);
    outbox.shows(message(8, { id: "message-1", text: "one" }));
    await checked;
    expect(statuses(outbox)).toEqual(["sent"]);
  });

  it("asks for the decision less and less often", async () => {
    await held();
    await clock.advance(60 * 60_000);
    expect(calls.length).toBeGreaterThan(5);
    expect(calls.length).toBeLessThan(15);
    expect(new Set(calls)).toEqual(new Set(["id-of-one"]));
  });

  it("is refused with a code of its own", async () => {
    const outbox = await held();
    refusals = [unreachable(), new Problem(422, "message_refused", "A moderator has refused it.")];
    await clock.advance(3 * HELD_CHECK_MS);
    expect(outbox.getSnapshot().posts).toMatchObject([{ status: "failed", code: HELD_REFUSED }]);
    expect(calls).toHaveLength(3);
  });

  it("waits on after a reload, and asks for the decision at once", async () => {
    await held();
    const reopened = open();
    await reopened.restore();
    await settled();
    expect(reopened.getSnapshot().posts).toMatchObject([{ status: "held", heldId: "message-1" }]);
    expect(calls).toEqual(["id-of-one", "id-of-one"]);
  });

  it("that an earlier version stored as unsent waits for a moderator, too", async () => {
    isHeld = true;
    const former = { clientId: "id-of-one", userId: "ann", roomId: "lobby", text: "one", replyTo: null };
    await store.put({ ...former, queuedAtMs: 1, failedCode: "message_held", failedDetail: "" });
    const outbox = open();
    await outbox.restore();
    await settled();
    expect(statuses(outbox)).toEqual(["held"]);
  });

  it("is not shown to the next person", async () => {
    const outbox = await held();
    userId = null;
    outbox.userChanged();
    expect([outbox.getSnapshot().posts, await store.all()]).toEqual([[], []]);
  });
});

it("a proxy that asks to try again after 0 s does not get the post again at once, each time", async () => {
  refusals = Array.from({ length: 1_000 }, () => new Problem(503, "unreachable", "", 0));
  write(open(), "one");
  await clock.advance(10_000);
  expect(calls.length).toBeLessThan(20);
});
