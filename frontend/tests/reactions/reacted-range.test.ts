import { expect, it } from "vitest";
import { reactedRange } from "@/lib/reactions/reacted-range";
import { message } from "../support/fake-room";

const reacted = (seq: number) => message(seq, { reactions: { heart: 1 } });

it("the range of own reactions to load spans the messages that have reactions", () => {
  const messages = [message(1), reacted(3), message(4), reacted(7), message(9)];
  expect(reactedRange(messages, { from: 1, to: 9 })).toEqual({ from: 3, to: 7 });
  expect(reactedRange(messages, { from: 4, to: 9 })).toEqual({ from: 7, to: 7 });
});

it("a page without reactions needs no call for own reactions", () => {
  expect(reactedRange([message(1), message(2)], { from: 1, to: 2 })).toBeNull();
  expect(reactedRange([reacted(1), message(2)], { from: 2, to: 2 })).toBeNull();
});
