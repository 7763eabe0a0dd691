import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message, RoomEvent } from "@/lib/contract/types";
import { appendPage, applyEvent, fromSnapshot, prependPage, showAround, trim } from "@/lib/feed/room-state";
import { created, FakeRoom, message } from "../support/fake-room";

const purged = (seq: number, ...authorIds: string[]): RoomEvent => ({
  type: "messages.purged",
  room_id: "lobby",
  seq,
  up_to_seq: seq - 1,
  author_ids: authorIds,
});

const range = (from: number, to: number): Message[] =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index));

describe("trimming", () => {
  it("drops the oldest while the reader is at the newest", () => {
    const kept = trim(range(1, 12), { capacity: 10, keepFromSeq: Infinity });
    expect(kept.messages.map(({ seq }) => seq)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(kept).toMatchObject({ droppedOld: true, droppedNew: false });
  });

  it("drops the newest while the reader is at the oldest", () => {
    const kept = trim(range(1, 12), { capacity: 10, keepFromSeq: 1 });
    expect(kept.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(kept).toMatchObject({ droppedOld: false, droppedNew: true });
  });

  it("never drops visible messages, nor exceeds the capacity", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer(),
        (count, capacity, at) => {
          const { messages } = trim(range(1, count), { capacity, keepFromSeq: at });
          expect(messages.length).toBe(Math.min(count, capacity));
          const firstInView = Math.max(1, Math.min(at, count));
          expect(messages[0]?.seq ?? 0).toBeLessThanOrEqual(Math.max(firstInView, count - capacity + 1));
        },
      ),
    );
  });
});

/** What people do in a room, as numbers: which message, and what with it. */
const deeds = fc.array(fc.tuple(fc.nat(6), fc.nat(200)), { maxLength: 120 });

const AUTHORS = ["ann", "bob", "cho"].map((nickname) => ({ id: `id-of-${nickname}`, nickname }));

function act(room: FakeRoom, [deed, pick]: [number, number], log: RoomEvent[]): void {
  const target = room.messages[pick % Math.max(1, room.messages.length)];
  const seq = room.lastSeq + 1;
  if (deed <= 2 || target === undefined) {
    const author = AUTHORS[pick % AUTHORS.length];
    log.push(created(room.say(author && { author })));
    return;
  }
  room.lastSeq = seq;
  const event: RoomEvent =
    deed === 3
      ? {
          type: "reaction.changed",
          room_id: "lobby",
          seq,
          message_id: target.id,
          kind: "heart",
          count: pick % 4,
          added: [],
          removed: [],
        }
      : deed === 4
        ? {
            type: "message.edited",
            room_id: "lobby",
            seq,
            message: { ...target, text: `edit ${seq}`, edited_at: "now" },
          }
        : deed === 5
          ? {
              type: "message.deleted",
              room_id: "lobby",
              seq,
              message: { ...target, text: "", deleted: true },
            }
          : purged(seq, target.author.id);
  room.change(event);
  log.push(event);
}

it("any page plus the events after it equals the room, however often events repeat", () => {
  fc.assert(
    fc.property(deeds, fc.nat(), fc.nat(), (all, pageAt, repeatFrom) => {
      const room = new FakeRoom();
      const log: RoomEvent[] = [];
      const cut = all.length === 0 ? 0 : pageAt % all.length;
      for (const deed of all.slice(0, cut)) act(room, deed, log);
      const page = room.page({});
      for (const deed of all.slice(cut)) act(room, deed, log);
      const again = log.slice(repeatFrom % (log.length + 1));
      const state = [...log, ...again].reduce(
        (now, event) => applyEvent(now, event, 0),
        fromSnapshot(page, { id: "lobby" }),
      );
      const first = page.messages[0]?.seq ?? 0;
      expect(state.messages).toEqual(room.messages.filter(({ seq }) => seq >= first));
    }),
  );
});

it("newer events bring an older page up to date", () => {
  fc.assert(
    fc.property(deeds, deeds, (first, later) => {
      const room = new FakeRoom();
      const log: RoomEvent[] = [];
      for (let count = 0; count < 60; count += 1) room.say();
      let state = fromSnapshot(room.page({}), { id: "lobby" });
      const take = (all: [number, number][]) => {
        for (const deed of all) act(room, deed, log);
      };
      take(first);
      const older = room.page({ before_seq: state.messages[0]?.seq ?? 1 });
      take(later);
      for (const event of log) state = applyEvent(state, event, 0);
      expect(prependPage(state, older, log).messages).toEqual(room.messages);
    }),
  );
});

it("history around a message grows page by page until it is complete", () => {
  const room = new FakeRoom();
  for (let count = 0; count < 300; count += 1) room.say();
  let state = showAround(fromSnapshot(room.page({}), { id: "lobby" }), room.page({ around_seq: 100 }), []);
  expect(state.isCutOff).toBe(true);
  const log: RoomEvent[] = [];
  while (state.isCutOff) {
    const page = room.page({ after_seq: state.messages.at(-1)?.seq ?? 0 });
    const during = created(room.say());
    log.push(during);
    state = applyEvent(state, during, 0);
    state = appendPage(state, page, log);
    if (room.lastSeq > 400) throw new Error("it never became whole");
  }
  const first = state.messages[0]?.seq ?? 0;
  expect(state.messages).toEqual(room.messages.filter(({ seq }) => seq >= first));
});

describe("the count of messages", () => {
  const page = (cursor: number) => ({ messages: range(1, cursor), cursor, has_more: false });

  it("does not count messages between the page and the room twice", () => {
    const state = fromSnapshot(page(2), { id: "lobby", last_seq: 4, message_count: 4 });
    const counts = range(3, 5).reduce((now, each) => applyEvent(now, created(each), 0), state);
    expect(counts.messageCount).toBe(5);
  });

  it("counts messages of the page that are newer than the room", () => {
    expect(fromSnapshot(page(5), { id: "lobby", last_seq: 3, message_count: 3 }).messageCount).toBe(5);
  });
});

describe("a purge", () => {
  const by = (id: string, seq: number, change: Partial<Message> = {}) =>
    message(seq, { author: { id, nickname: id }, ...change });
  const page = (messages: Message[], pinned: Message[] = []) => ({
    messages,
    pinned,
    cursor: messages.at(-1)?.seq ?? 0,
    has_more: false,
  });
  const texts = (messages: readonly Message[]) =>
    messages.map(({ text, deleted }) => (deleted ? null : text));

  it("deletes every message of its authors, with the reactions, and nobody else's", () => {
    const all = [by("mallory", 1, { reactions: { heart: 2 } }), by("ann", 2), by("trudy", 3)];
    const before = fromSnapshot(page(all), { id: "lobby" });
    const after = applyEvent(before, purged(4, "mallory", "trudy"), 0);
    expect(texts(after.messages)).toEqual([null, "text 2", null]);
    expect(after.messages[0]).toMatchObject({ text: "", reactions: {}, created_at: all[0]?.created_at });
    expect([after.seq, after.messageCount]).toEqual([4, before.messageCount]);
  });

  it("unpins their messages, also those that are not loaded", () => {
    const pinned = [by("mallory", 1), by("ann", 2)];
    const before = fromSnapshot(page([by("ann", 9)], pinned), { id: "lobby" });
    expect(applyEvent(before, purged(10, "mallory"), 0).pinned).toEqual([pinned[1]]);
  });

  it("leaves what the same person writes afterwards", () => {
    let state = fromSnapshot(page([by("mallory", 1)]), { id: "lobby" });
    for (const event of [purged(2, "mallory"), created(by("mallory", 3))])
      state = applyEvent(state, event, 0);
    expect(texts(state.messages)).toEqual([null, "text 3"]);
  });

  it("changes no message object of others, so that their rows are not drawn again", () => {
    const before = fromSnapshot(page([by("ann", 1)]), { id: "lobby" });
    const after = applyEvent(before, purged(2, "mallory"), 0);
    expect([after.messages, after.seq]).toEqual([before.messages, 2]);
    expect(after.messages).toBe(before.messages);
  });

  it("reaches a newer page and the messages created after it", () => {
    const room = new FakeRoom();
    for (let count = 0; count < 120; count += 1) room.say();
    let state = showAround(fromSnapshot(room.page({}), { id: "lobby" }), room.page({ around_seq: 90 }), []);
    const newest = room.page({ after_seq: state.messages.at(-1)?.seq ?? 0 });
    const log = [created(room.say()), purged((room.lastSeq += 1), "id-of-ann")];
    for (const event of log) state = applyEvent(state, event, 0);
    state = appendPage(state, newest, log);
    expect(state.isCutOff).toBe(false);
    const firstNewer = newest.messages[0]?.seq ?? 0;
    expect(state.messages.filter(({ seq, deleted }) => seq >= firstNewer && !deleted)).toEqual([]);
  });
});

describe("a change of the room", () => {
  const ann = { id: "id-of-ann", nickname: "ann" };
  const bob = { id: "id-of-bob", nickname: "bob" };

  it("replaces everything that hosts have set", () => {
    const before = fromSnapshot({ messages: [], cursor: 3, has_more: false }, { id: "lobby", name: "Lobby" });
    const changed: RoomEvent = {
      type: "room.changed",
      room_id: "lobby",
      seq: 4,
      room: {
        name: "Lounge",
        visibility: "public",
        owner: ann,
        moderators: [bob],
        who_can_post: "regulars",
        regular_after_s: 600,
        slow_mode: { mode: "fixed", seconds: 5, target_posts_per_s: null },
      },
    };
    expect(applyEvent(before, changed, 0)).toMatchObject({
      seq: 4,
      name: "Lounge",
      ownerId: "id-of-ann",
      moderators: [bob],
      whoCanPost: "regulars",
      regularAfterS: 600,
      slowModeS: 5,
    });
  });

  it("to an automatic slow mode leaves the wait to the server's signals", () => {
    const fixed = fromSnapshot(
      { messages: [], cursor: 3, has_more: false },
      { id: "lobby", slow_mode_s: 30, slow_mode: { mode: "fixed", seconds: 30, target_posts_per_s: null } },
    );
    const rules = {
      name: "Lobby",
      visibility: "public",
      owner: null,
      moderators: [],
      who_can_post: "everyone",
      regular_after_s: 600,
      slow_mode: { mode: "auto", seconds: 0, target_posts_per_s: 3 },
    } as const;
    const changed = (seq: number): RoomEvent => ({
      type: "room.changed",
      room_id: "lobby",
      seq,
      room: { ...rules, moderators: [] },
    });
    const automatic = applyEvent(fixed, changed(4), 0);
    expect([automatic.slowModeS, automatic.slowMode.mode]).toEqual([0, "auto"]);
    const until = "2026-11-27T12:00:10.000Z";
    const signal: RoomEvent = {
      type: "room.slow_mode",
      room_id: "lobby",
      slow_mode_s: 12,
      mode: "auto",
      until,
    };
    const governed = applyEvent(automatic, signal, 0);
    expect(governed).toMatchObject({ slowModeS: 12, slowModeUntilMs: Date.parse(until) });
    expect(applyEvent(governed, changed(5), 0)).toMatchObject({ slowModeS: 12, slowMode: rules.slow_mode });
    const longest = applyEvent(governed, { ...signal, slow_mode_s: 300, unreachable: true }, 0);
    expect(longest.isTargetUnreachable).toBe(true);
    expect(applyEvent(longest, changed(5), 0).isTargetUnreachable).toBe(true);
    expect(applyEvent(longest, signal, 0).isTargetUnreachable).toBe(false);
    const withFixed = {
      ...rules,
      moderators: [],
      slow_mode: { ...rules.slow_mode, mode: "fixed", seconds: 5 },
    } as const;
    const leaves: RoomEvent = {
      type: "room.changed",
      room_id: "lobby",
      seq: 5,
      room: { ...withFixed, moderators: [] },
    };
    expect(applyEvent(longest, leaves, 0).isTargetUnreachable).toBe(false);
    const earlierServer: RoomEvent = { type: "room.slow_mode", room_id: "lobby", slow_mode_s: 7 };
    expect(applyEvent(fixed, earlierServer, 0)).toMatchObject({
      slowModeS: 7,
      slowMode: { mode: "fixed" },
      slowModeUntilMs: null,
    });
  });

  it("that is older than the state changes nothing", () => {
    const state = fromSnapshot({ messages: [], cursor: 5, has_more: false }, { id: "lobby", name: "Lobby" });
    const old: RoomEvent = {
      type: "room.changed",
      room_id: "lobby",
      seq: 5,
      room: {
        name: "before",
        visibility: "public",
        owner: null,
        moderators: [],
        who_can_post: "everyone",
        regular_after_s: 86_400,
        slow_mode: { mode: "off", seconds: 0, target_posts_per_s: null },
      },
    };
    expect(applyEvent(state, old, 0)).toBe(state);
  });

  it("of a type that this page does not know only moves the cursor", () => {
    const state = fromSnapshot({ messages: range(1, 2), cursor: 2, has_more: false }, { id: "lobby" });
    const unknown = { type: "room.painted", room_id: "lobby", seq: 3, colour: "red" } as unknown as RoomEvent;
    const after = applyEvent(state, unknown, 0);
    expect([after.seq, after.messages]).toEqual([3, state.messages]);
  });
});
