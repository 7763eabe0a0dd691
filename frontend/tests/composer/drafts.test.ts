import { beforeEach, expect, it, vi } from "vitest";
import { Drafts, draftIdIn, DRAFTS_KEY } from "@/lib/composer/drafts";
import { MemoryStorage } from "../support/memory-storage";

let storage: MemoryStorage;

const drafts = () => new Drafts(() => "new-id");

beforeEach(() => {
  storage = new MemoryStorage();
  vi.stubGlobal("localStorage", storage);
});

it("a draft is kept with its id and the message that it replies to", () => {
  const replyTo = { id: "m1", author: { id: "ann", nickname: "Ann" }, text: "a question", deleted: false };
  drafts().save("lobby", { id: "one", text: "an answer", replyTo });
  expect(drafts().read("lobby")).toEqual({ id: "one", text: "an answer", replyTo });
  expect(draftIdIn(storage.getItem(DRAFTS_KEY), "lobby")).toBe("one");
});

it("an erased draft is not kept", () => {
  drafts().save("lobby", { id: "one", text: "half a thought", replyTo: null });
  drafts().save("lobby", { id: "two", text: "", replyTo: null });
  expect(drafts().read("lobby")).toBeNull();
});

it.each(["half a thought", "{}", "[1]", "null", '{"id":1,"text":"a","replyTo":null}'])(
  "the draft of an earlier version is its text: %j",
  (text) => {
    storage.setItem(`${DRAFTS_KEY}.lobby`, text);
    expect(drafts().read("lobby")).toEqual({ id: "new-id", text, replyTo: null });
  },
);

const QUOTED = { id: "m1", author: { id: "ann", nickname: "Ann" }, text: "a question", deleted: false };

it.each<[string, unknown]>([
  ["nothing", undefined],
  ["a word", "m1"],
  ["a list", ["m1"]],
  ["no fields", {}],
  ["no author", { ...QUOTED, author: undefined }],
  ["an author without a name", { ...QUOTED, author: { id: "ann" } }],
  ["no text", { ...QUOTED, text: null }],
  ["no sign of deletion", { ...QUOTED, deleted: undefined }],
])(
  "a draft whose reply another version stored with %s keeps its text and loses the reply",
  (_what, replyTo) => {
    storage.setItem(
      DRAFTS_KEY,
      JSON.stringify([["lobby", JSON.stringify({ id: "one", text: "an answer", replyTo })]]),
    );
    expect(drafts().read("lobby")).toEqual({ id: "one", text: "an answer", replyTo: null });
  },
);

it.each([null, "", "{", "{}", "[]", '[["lobby"]]', '[["lobby","text"]]', '[["games","{}"]]', "[1]"])(
  "no draft id is found in %j",
  (stored) => expect(draftIdIn(stored, "lobby")).toBeNull(),
);
