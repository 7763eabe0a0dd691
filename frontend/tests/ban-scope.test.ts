import { describe, expect, it } from "vitest";
import { fromSnapshot } from "@/lib/feed/room-state";
import { banScope } from "@/lib/people/ban-scope";
import { message } from "./support/fake-room";

const by = (id: string, seq: number, text: string, deleted = false) =>
  message(seq, { author: { id, nickname: id }, text, deleted });
const SPAM = by("mallory", 1, "buy this");
const room = fromSnapshot(
  {
    messages: [
      SPAM,
      by("trudy", 2, "buy this"),
      by("mallory", 3, "and that"),
      by("mallory", 4, "", true),
      by("ann", 5, "buy this"),
      by("bob", 6, "no thanks"),
    ],
    cursor: 6,
    has_more: false,
  },
  { id: "lobby", owner_id: "ann" },
);

describe("a ban", () => {
  it("of an author concerns their messages that are not deleted yet", () => {
    expect(banScope(room, { author: SPAM.author, scope: "author" })).toEqual({ people: 1, messages: 2 });
  });

  it("of a text concerns all messages of those who sent it, but no host", () => {
    expect(banScope(room, { message: SPAM, scope: "same-text" })).toEqual({ people: 2, messages: 3 });
  });

  it("of a held text also concerns those whose messages are held", () => {
    const held = [by("oscar", 0, "buy this"), by("peggy", 0, "hello")];
    expect(banScope(room, { message: held[0] ?? SPAM, scope: "same-text", held })).toEqual({
      people: 3,
      messages: 4,
    });
  });

  it("concerns nothing before the room is loaded", () => {
    expect(banScope(null, { author: SPAM.author, scope: "author" })).toEqual({ people: 0, messages: 0 });
  });
});
