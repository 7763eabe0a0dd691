import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import { LOST, ROOMS, World, type StoreFault } from "./browser-world";

/** Every refusal of the contract that a call of the composer or the outbox may get, and what proxies and networks add. */
const REFUSALS = [
  new Problem(400, "bad_request", ""),
  new Problem(403, "forbidden", ""),
  new Problem(404, "room_not_found", ""),
  new Problem(404, "message_not_found", ""),
  new Problem(405, "method_not_allowed", ""),
  new Problem(408, "request_timeout", ""),
  new Problem(409, "too_many", ""),
  new Problem(413, "body_too_large", ""),
  new Problem(414, "uri_too_long", ""),
  new Problem(415, "unsupported_media_type", ""),
  new Problem(421, "misdirected", ""),
  new Problem(422, "validation_failed", ""),
  new Problem(429, "rate_limited", "", 4_000),
  new Problem(429, "slow_mode", "", 30_000),
  new Problem(429, "rate_limited", "", 86_400_000),
  new Problem(431, "head_too_large", ""),
  new Problem(500, "internal", ""),
  new Problem(502, "unknown", ""),
  new Problem(503, "store_unavailable", "", 1_000),
  new Problem(503, "server_full", ""),
  unreachable(),
  LOST,
] as const;

const editOwn = (world: World, tab: number, pick: number) => {
  const myId = world.tab(tab).session.getSnapshot().viewer?.id;
  const own = messagesOf(world, tab).filter(({ deleted, author }) => !deleted && author.id === myId);
  const found = picked(own, pick);
  if (found === undefined) return false;
  world.tab(tab).composer.dispatch({ type: "edit", kind: "message", id: found.id, text: found.text });
  return true;
};

const write = (world: World, tab: number) => {
  world.type(world.tab(tab));
  world.submit(world.tab(tab));
};

const ACTIONS = {
  write,
  "change a message": (world: World, tab: number, pick: number) => {
    if (editOwn(world, tab, pick)) write(world, tab);
  },
  type: (world: World, tab: number) => world.type(world.tab(tab)),
  clear: (world: World, tab: number) => world.clear(world.tab(tab)),
  send: (world: World, tab: number) => world.submit(world.tab(tab)),
  join: (world: World, tab: number) => {
    void world
      .tab(tab)
      .session.join("Ann")
      .catch(() => undefined);
  },
  "cancel name": (world: World, tab: number) => world.cancelName(world.tab(tab)),
  "sign out": (world: World, tab: number) => {
    void world
      .tab(tab)
      .session.signOut(false)
      .catch(() => undefined);
  },
  "session ends": (world: World) => void (world.server.user = null),
  reply: (world: World, tab: number, pick: number) => {
    const found = picked(messagesOf(world, tab), pick);
    if (found !== undefined) world.tab(tab).composer.dispatch({ type: "reply", message: found });
  },
  edit: (world: World, tab: number, pick: number) => void editOwn(world, tab, pick),
  leave: (world: World, tab: number) => world.leave(world.tab(tab)),
  "other room": (world: World, tab: number, pick: number) => {
    const page = world.tab(tab);
    page.composer.dispatch({ type: "room-left" });
    page.roomId = ROOMS[pick % ROOMS.length] ?? ROOMS[0];
  },
  "message deleted": (world: World, tab: number, pick: number) => {
    const found = picked(messagesOf(world, tab), pick);
    if (found === undefined) return;
    world.server.remove(found.id);
    for (const page of world.tabs)
      page.composers
        .of(found.room_id)
        .dispatch({ type: "message-changed", message: { ...found, text: "", deleted: true } });
  },
  retry: (world: World, tab: number, pick: number) => {
    const found = picked(failedPosts(world, tab), pick);
    if (found === undefined) return;
    world.mark(found.text, "isRequested");
    world.tab(tab).outbox.retry(found.clientId);
  },
  discard: (world: World, tab: number, pick: number) => {
    const found = picked(failedPosts(world, tab), pick);
    if (found !== undefined) world.discard(world.tab(tab), found);
  },
  correct: (world: World, tab: number, pick: number) => {
    const found = picked(failedPosts(world, tab), pick);
    if (found !== undefined)
      world
        .tab(tab)
        .composers.of(found.roomId)
        .dispatch({ type: "edit", kind: "post", id: found.clientId, text: found.text });
  },
  refuse: (world: World, _tab: number, pick: number) =>
    void world.refusals.push(picked(REFUSALS, pick) ?? LOST),
  "store fails": (world: World, _tab: number, pick: number) => {
    const fault = picked(["rejects", "hangs", "none"] as const, pick) as StoreFault;
    world.setStoreFault(fault);
  },
  "store cleared": (world: World) => world.clearStore(),
  reload: (world: World, tab: number) => world.reload(tab),
  latency: (world: World) => void (world.hasLatency = !world.hasLatency),
  time: (world: World, _tab: number, pick: number) => world.advance((pick % 7) * 1_000 + 300),
  "clock set": (world: World, _tab: number, pick: number) => world.clock.set((pick - 500) * 60_000),
  "network returns": (world: World, tab: number) => world.tab(tab).outbox.wake(),
} as const;

type Action = keyof typeof ACTIONS;

const picked = <T>(from: readonly T[], pick: number): T | undefined => from[pick % Math.max(1, from.length)];

const messagesOf = (world: World, tab: number) => {
  const { roomId } = world.tab(tab);
  return world.server.messages.map((each) => each.message).filter((each) => each.room_id === roomId);
};

const failedPosts = (world: World, tab: number) =>
  world.tab(tab).posts.filter((post) => post.status === "failed");

/** Frequent actions are tried most often. */
const OFTEN: readonly Action[] = [
  ...(["write", "write", "write", "change a message", "change a message", "type", "send"] as const),
  ...(["edit", "leave", "join", "time", "refuse", "latency", "retry", "correct"] as const),
];

const step = fc.record({
  action: fc.constantFrom<Action>(...OFTEN, ...(Object.keys(ACTIONS) as Action[])),
  tab: fc.constantFrom(0, 0, 1),
  pick: fc.nat(999),
});

/** `isFirstVisit`: nobody is signed in at the beginning. `hasLocks`: the browser has Web Locks. */
const setting = fc.record({ isFirstVisit: fc.boolean(), hasLocks: fc.boolean() });

interface Step {
  readonly action: Action;
  readonly tab: number;
  readonly pick: number;
}

interface Setting {
  readonly isFirstVisit: boolean;
  readonly hasLocks: boolean;
}

const steps = (...done: readonly (readonly [tab: number, action: Action])[]): Step[] =>
  done.map(([tab, action]) => ({ action, tab, pick: 0 }));

/** Failing sequences that random seeds have found. */
const FOUND: [Step[], Setting][] = [
  // Send is pressed for an unchanged refused post, the nickname prompt opens, and another tab discards the post.
  [
    steps(
      ...([
        [0, "refuse"],
        [0, "write"],
        [0, "session ends"],
        [1, "reload"],
      ] as const),
      ...([
        [0, "write"],
        [0, "correct"],
        [0, "send"],
        [1, "discard"],
      ] as const),
    ),
    { isFirstVisit: false, hasLocks: false },
  ],
];

async function play(steps: readonly Step[], { isFirstVisit, hasLocks }: Setting): Promise<World> {
  const world = new World(hasLocks);
  await world.settle();
  if (!isFirstVisit) await world.tab(0).session.join("Ann");
  await world.settle();
  for (const { action, tab, pick } of steps) {
    await ACTIONS[action](world, tab, pick);
    await world.settle();
  }
  return world;
}

describe("whatever people, stores, servers and clocks do in two tabs and two rooms", () => {
  it("no message is lost, duplicated or sent against its writer's will", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40, size: "max" }),
        setting,
        async (steps, start) => {
          const world = await play(steps, start);
          await world.heal();
          expect({ lost: world.lost(), doubled: world.doubled(), faults: world.server.faults }).toEqual({
            lost: [],
            doubled: [],
            faults: [],
          });
          // Every post was sent, or waits for its writer's decision; nothing is sent forever.
          for (const { posts } of world.tabs)
            expect(posts.filter(({ status }) => status !== "sent" && status !== "failed")).toEqual([]);
          const calls = world.server.calls;
          await world.advance(600_000);
          expect(world.server.calls).toBe(calls);
        },
      ),
      { numRuns: 3_500, seed: 20_261_126, examples: FOUND },
    );
  });
});
