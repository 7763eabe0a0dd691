import { describe, expect, it } from "vitest";
import type { Message } from "@/lib/contract/types";
import type { Post } from "@/lib/outbox/outbox";
import { buildRows, postsNotShown, type Row, type RowsInput } from "@/lib/room-view/rows";
import { message } from "../support/fake-room";

const DAY_MS = 86_400_000;

function rows(messages: Message[], change: Partial<RowsInput> = {}): Row[] {
  return buildRows({
    messages,
    skippedRuns: [],
    hasOlder: true,
    isShown: () => true,
    isForMe: () => false,
    pinned: [],
    myId: null,
    myNickname: "me",
    myRole: undefined,
    clientIdOf: () => undefined,
    posts: [],
    startOfDay: (timeMs) => timeMs - (timeMs % DAY_MS),
    ...change,
  });
}

const kinds = (all: Row[]) => all.map((row) => row.kind);
const messageRows = (all: Row[]) => all.filter((row) => row.kind === "message");
const post = (change: Partial<Post> = {}): Post =>
  ({
    clientId: "client-1",
    roomId: "lobby",
    text: "mine",
    replyTo: null,
    queuedAtMs: Date.parse("2001-09-09T02:00:00Z"),
    status: "queued",
    ...change,
  }) as Post;

describe("rows", () => {
  it("begin with the room's beginning once there is no older history", () => {
    expect(kinds(rows([message(1)], { hasOlder: false }))).toEqual(["start", "day", "message"]);
    expect(kinds(rows([message(1)]))).toEqual(["day", "message"]);
  });

  it("have a line before each day", () => {
    const nextDay = message(2, { created_at: "2001-09-10T01:00:00.000Z" });
    expect(kinds(rows([message(1), nextDay]))).toEqual(["day", "message", "day", "message"]);
  });

  it("show the name once for messages that follow each other", () => {
    const bob = { id: "id-of-bob", nickname: "bob" };
    const all = rows([message(1), message(2), message(3, { author: bob }), message(4, { author: bob })]);
    expect(messageRows(all).map((row) => row.isFirst)).toEqual([true, false, true, false]);
  });

  it("show the name again where the author's role has changed", () => {
    const moderator = { ...message(1).author, role: "moderator" as const };
    const all = rows([message(1), message(2, { author: moderator }), message(3, { author: moderator })]);
    expect(messageRows(all).map((row) => row.isFirst)).toEqual([true, true, false]);
  });

  it("do not move when a host's post becomes a message", () => {
    const me = { id: "id-of-me", nickname: "me", role: "owner" as const };
    const queued = post({ queuedAtMs: Date.parse(message(2).created_at) });
    const all = rows([message(1, { author: me })], { myId: me.id, myRole: "owner", posts: [queued] });
    const [, pending] = messageRows(all);
    expect([pending?.isFirst, pending?.message.author]).toEqual([false, me]);
  });

  it("count the messages that were left out in place", () => {
    const all = rows(
      [1, 2, 3, 4, 5].map((seq) => message(seq)),
      { isShown: ({ seq }) => seq === 1 || seq === 4 },
    );
    expect(messageRows(all).map((row) => row.leftOut)).toEqual([
      { count: 2, afterSeq: 1, hasReplies: false },
      { count: 1, afterSeq: 4, hasReplies: false },
    ]);
  });

  it("count what is not loaded in place, together with what was left out, and name replies to the reader", () => {
    const run = (fromSeq: number, toSeq: number, repliedTo: string[] = []) => {
      return { fromSeq, toSeq, messages: toSeq - fromSeq, repliedTo };
    };
    const all = rows(
      [1, 4, 8, 12].map((seq) => message(seq)),
      {
        isShown: ({ seq }) => seq !== 4,
        myId: "id-of-me",
        skippedRuns: [run(1, 3), run(4, 7), run(8, 9, ["id-of-me"]), run(10, 11), run(12, 20, ["id-of-ann"])],
        posts: [post()],
      },
    );
    expect(messageRows(all).map((row) => row.leftOut)).toEqual([
      { count: 6, afterSeq: 1, hasReplies: false },
      { count: 2, afterSeq: 8, hasReplies: true },
      { count: 8, afterSeq: 12, hasReplies: false },
      null,
    ]);
  });

  it("end with unsent messages, in order", () => {
    const all = rows([message(1)], { posts: [post(), post({ clientId: "client-2" })] });
    expect(all.slice(-2).map((row) => row.key)).toEqual(["client-1", "client-2"]);
  });

  it.each<[string, string[], string | null]>([
    ["an unsent post of yesterday", ["2001-09-08T23:59:00Z", "2001-09-09T00:01:00Z"], "2001-09-08T23:59:30Z"],
    [
      "an unsent post of an unknown time",
      ["1970-01-01T00:00:00Z", "2001-09-09T00:01:00Z"],
      "1970-01-01T00:00:00Z",
    ],
    [
      "a server whose clock is behind at midnight",
      ["2001-09-08T23:59:59Z", "2001-09-09T00:00:01Z", "2001-09-08T23:59:59Z"],
      null,
    ],
    [
      "two changes of the day",
      ["2001-09-08T00:00:00Z", "2001-09-09T00:00:00Z", "2001-09-08T00:00:00Z", "2001-09-09T00:00:00Z"],
      null,
    ],
  ])("have a key each, also after a day that returns: %s", (_what, times, queuedAt) => {
    const messages = times.map((created_at, at) => message(at + 1, { created_at }));
    const posts = queuedAt === null ? [] : [post({ queuedAtMs: Date.parse(queuedAt) })];
    const keys = rows(messages, { posts }).map(({ key }) => key);
    expect(keys).toEqual([...new Set(keys)]);
  });

  it("keep the key of an own message when the server confirms it", () => {
    const all = rows([message(1)], { clientIdOf: () => "client-1" });
    expect(messageRows(all)[0]?.key).toBe("client-1");
  });
});

describe("a post", () => {
  const ofMine = message(2, {
    author: { id: "my-id", nickname: "me" },
    text: "mine",
    created_at: "2001-09-09T02:00:01.000Z",
  });
  const notShown = (one: Post, messages: Message[]) =>
    postsNotShown([one], messages, "my-id", () => undefined).length;

  it("stays until the room shows its message", () => {
    expect(notShown(post({ status: "sent", message: ofMine }), [message(1)])).toBe(1);
    expect(notShown(post({ status: "sent", message: ofMine }), [message(1), ofMine])).toBe(0);
  });

  it("is not shown twice when its event comes before its answer", () => {
    expect(notShown(post({ status: "sending" }), [message(1), ofMine])).toBe(0);
    expect(notShown(post({ status: "sending" }), [message(1)])).toBe(1);
  });

  it("that is unsent is never matched with an earlier message of the same text", () => {
    expect(notShown(post({ status: "queued" }), [ofMine])).toBe(1);
  });
});
