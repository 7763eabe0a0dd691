/** Posts that another version of the app has stored. */
import { expect, it } from "vitest";
import { readStoredPost } from "@/lib/outbox/stored-post";

const STORED = {
  clientId: "a",
  roomId: "lobby",
  text: "one",
  replyTo: null,
  queuedAtMs: 5,
  failedCode: null,
};

it("are read as they are", () => {
  const post = { ...STORED, userId: "ann", failedCode: "banned", failedDetail: "No.", heldId: "m1" };
  expect(readStoredPost(post)).toEqual(post);
});

it.each<[string, object, object]>([
  ["without the code of a refusal", { failedCode: undefined }, { failedCode: null }],
  ["with a code that is no text", { failedCode: 422 }, { failedCode: null }],
  ["without a time", { queuedAtMs: undefined }, { queuedAtMs: 0 }],
  ["with a time as text", { queuedAtMs: "2026-01-31" }, { queuedAtMs: 0 }],
  ["with a time that no date has", { queuedAtMs: 1e300 }, { queuedAtMs: 0 }],
  ["with a time that is no number", { queuedAtMs: NaN }, { queuedAtMs: 0 }],
  ["with the whole message that it replies to", { replyTo: { id: "m1" } }, { replyTo: null }],
  ["without a reply", { replyTo: undefined }, { replyTo: null }],
  ["with a number as its author", { userId: 7 }, {}],
  ["with a detail that is no text", { failedDetail: {} }, {}],
  ["with a held message that is no text", { heldId: 7 }, {}],
  ["with fields of a later version", { colour: "red" }, {}],
])("are read with defaults: %s", (_what, change, expected) => {
  expect(readStoredPost({ ...STORED, ...change })).toEqual({ ...STORED, ...expected });
});

it.each<[string, unknown]>([
  ["nothing", null],
  ["a word", "post"],
  ["a list", []],
  ["no id", { ...STORED, clientId: undefined }],
  ["no room", { ...STORED, roomId: null }],
  ["no text", { ...STORED, text: ["one"] }],
])("are left out if they have %s", (_what, value) => {
  expect(readStoredPost(value)).toBeNull();
});
