import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Problem } from "@/lib/api/problem";
import {
  emptyDraft,
  nextComposer,
  SET_ASIDE_MAX,
  startWith,
  statusOf,
  TEXT_MAX,
  textOf,
  unfinishedEdits,
  type ComposerEffect,
  type ComposerEvent,
  type ComposerState,
  type Edit,
  type Quoted,
} from "@/lib/composer/composer-machine";

/** A composer without effects: they are only recorded. */
class Composer {
  state: ComposerState;
  effects: ComposerEffect[] = [];
  #ids = 0;
  readonly #newId = () => `id-${(this.#ids += 1)}`;

  constructor(unfinished?: Parameters<typeof startWith>[1]) {
    this.state = startWith(emptyDraft(this.#newId), unfinished);
  }

  do(...events: ComposerEvent[]): this {
    for (const event of events) {
      const step = nextComposer(this.state, event, this.#newId);
      this.state = step.state;
      this.effects.push(...step.effects);
    }
    return this;
  }

  get text(): string {
    return textOf(this.state);
  }

  get status(): string {
    return statusOf(this.state);
  }

  get posts(): string[] {
    return this.effects.flatMap((effect) => (effect.type === "post" ? [effect.text] : []));
  }

  get savedEdits(): string[] {
    return this.effects.flatMap((effect) => (effect.type === "save-edit" ? [effect.text] : []));
  }
}

const quoted = (id: string, text = `text of ${id}`, deleted = false): Quoted => ({
  id,
  author: { id: "ann", nickname: "Ann" },
  text,
  deleted,
});
const type = (text: string): ComposerEvent => ({ type: "typed", text });
const submit = (change: { hasSession?: boolean; isOutboxFull?: boolean } = {}): ComposerEvent => ({
  type: "submitted",
  hasSession: true,
  isOutboxFull: false,
  nowMs: 0,
  ...change,
});
const SEND = submit();
const SEND_WITHOUT_NAME = submit({ hasSession: false });
const NAMED: ComposerEvent = { type: "named", isOutboxFull: false, nowMs: 0 };
const LEAVE: ComposerEvent = { type: "left" };
const reply = (id: string): ComposerEvent => ({ type: "reply", message: quoted(id) });
const edit = (id: string, text = `text of ${id}`): ComposerEvent => ({
  type: "edit",
  kind: "message",
  id,
  text,
});
const saved = (id: string, text: string): ComposerEvent => ({ type: "edit-saved", id, text });
const refuse = (id: string, text: string, isGone = false): ComposerEvent => ({
  type: "edit-refused",
  id,
  text,
  error: new Problem(503, "store_unavailable", ""),
  isGone,
});

describe("while the nickname prompt is open", () => {
  it("pressing Send again queues nothing, and joining sends one message", () => {
    const composer = new Composer().do(
      type("hello"),
      SEND_WITHOUT_NAME,
      SEND_WITHOUT_NAME,
      SEND_WITHOUT_NAME,
    );
    expect([composer.posts, composer.status, composer.text]).toEqual([[], "naming", "hello"]);
    composer.do(NAMED, NAMED);
    expect([composer.posts, composer.text]).toEqual([["hello"], ""]);
  });

  it("a text that is corrected meanwhile is sent in its corrected form", () => {
    expect(new Composer().do(type("helo"), SEND_WITHOUT_NAME, type("hello"), NAMED).posts).toEqual(["hello"]);
  });

  it("an erased text is not sent", () => {
    const composer = new Composer().do(type("hello"), SEND_WITHOUT_NAME, type(" "), NAMED);
    expect([composer.posts, composer.status]).toEqual([[], "draft"]);
  });

  it("a text that another tab has sent is not sent again", () => {
    const composer = new Composer().do(type("hello"), SEND_WITHOUT_NAME);
    composer.do({ type: "draft-replaced", draft: { id: "new", text: "", replyTo: null } }, NAMED);
    expect(composer.posts).toEqual([]);
  });

  it("cancelling keeps the text, and joining later for another reason does not send it", () => {
    const composer = new Composer().do(type("hello"), SEND_WITHOUT_NAME, { type: "name-cancelled" }, NAMED);
    expect([composer.posts, composer.text]).toEqual([[], "hello"]);
  });

  it("a reply that is chosen meanwhile is sent as a reply", () => {
    const composer = new Composer().do(type("yes"), SEND_WITHOUT_NAME, reply("m1"), NAMED);
    expect(composer.effects).toContainEqual(
      expect.objectContaining({ type: "post", text: "yes", replyTo: "m1" }),
    );
  });

  it("leaving the room does not matter: the text is sent to the room it was written in", () => {
    expect(new Composer().do(type("hello"), SEND_WITHOUT_NAME, { type: "room-left" }, NAMED).posts).toEqual([
      "hello",
    ]);
  });
});

describe("the draft returns however an edit ends", () => {
  const begun = () => new Composer().do(type("my draft"), edit("m1"), type("changed"));

  it.each<[string, ComposerEvent[]]>([
    ["cancelled", [LEAVE]],
    ["saved", [SEND, saved("m1", "changed")]],
    ["saved without a change", [type("text of m1"), SEND]],
    ["a reply to another message", [reply("m2")]],
    ["the room is left", [{ type: "room-left" }]],
    ["another edit, which is cancelled", [edit("m2"), LEAVE]],
    ["cancelled while it is being saved", [SEND, LEAVE, saved("m1", "changed")]],
    ["refused, then cancelled", [SEND, refuse("m1", "changed"), LEAVE]],
    ["the message was deleted", [{ type: "message-changed", message: quoted("m1", "", true) }, LEAVE]],
  ])("%s", (_how, events) => {
    const composer = begun().do(...events);
    expect(composer.text).toBe("my draft");
    composer.do(SEND);
    expect(composer.posts).toEqual(["my draft"]);
  });

  it("together with the message that it replies to", () => {
    const composer = new Composer().do(reply("m2"), type("an answer"), edit("m1"), LEAVE);
    expect(composer.status).toBe("replying");
    expect(composer.do(SEND).effects).toContainEqual(
      expect.objectContaining({ type: "post", text: "an answer", replyTo: "m2" }),
    );
  });
});

describe("an edit", () => {
  it("that was left for a reply continues when the same message is edited again", () => {
    const composer = new Composer().do(edit("m1"), type("half a change"), reply("m2"), edit("m1"));
    expect(composer.text).toBe("half a change");
  });

  it("that was cancelled starts over with the text of the message", () => {
    expect(new Composer().do(edit("m1"), type("half a change"), LEAVE, edit("m1")).text).toBe("text of m1");
  });

  it("that is chosen again while it is open keeps the typed text", () => {
    expect(new Composer().do(edit("m1"), type("half a change"), edit("m1")).text).toBe("half a change");
  });

  it("is saved once, however often Enter is pressed", () => {
    expect(new Composer().do(edit("m1"), type("changed"), SEND, SEND, SEND).savedEdits).toEqual(["changed"]);
  });

  it("that is refused stays open, with the reason, until its text changes", () => {
    const composer = new Composer().do(edit("m1"), type("changed"), SEND, refuse("m1", "changed"));
    expect([composer.status, composer.text]).toEqual(["refused", "changed"]);
    expect(composer.do(type("changed again")).status).toBe("editing");
    expect(composer.do(SEND).savedEdits).toEqual(["changed", "changed again"]);
  });

  it("that changes while it is being saved stays open with the new text", () => {
    const composer = new Composer().do(edit("m1"), type("a"), SEND, type("ab"), saved("m1", "a"));
    expect([composer.status, composer.text]).toEqual(["editing", "ab"]);
    expect(composer.do(SEND).savedEdits).toEqual(["a", "ab"]);
  });

  it("of a message that is then deleted is kept unpublished, and may become the draft", () => {
    const gone: ComposerEvent = { type: "message-changed", message: quoted("m1", "", true) };
    const composer = new Composer().do(edit("m1"), type("changed"), gone, SEND);
    expect([composer.status, composer.text, composer.posts, composer.savedEdits]).toEqual([
      "refused",
      "changed",
      [],
      [],
    ]);
    expect([composer.do(LEAVE).text, composer.status]).toEqual(["changed", "draft"]);
  });

  it("of a message that is edited elsewhere follows it until the writer types, and then keeps the typed text", () => {
    const elsewhere: ComposerEvent = { type: "message-changed", message: quoted("m1", "from my phone") };
    expect(new Composer().do(edit("m1"), elsewhere).text).toBe("from my phone");
    const composer = new Composer().do(edit("m1"), type("changed"), elsewhere);
    expect(composer.text).toBe("changed");
    expect(composer.do(SEND).savedEdits).toEqual(["changed"]);
  });

  it("that was left long ago is dropped after many others", () => {
    const composer = new Composer();
    for (let number = 0; number <= SET_ASIDE_MAX; number += 1)
      composer.do(edit(`m${number}`), type(`change ${number}`), reply("other"));
    expect(composer.do(edit("m0")).text).toBe("text of m0");
    expect(composer.do(edit("m1")).text).toBe("change 1");
  });
});

describe("an unfinished edit", () => {
  const kept = (composer: Composer) =>
    unfinishedEdits(composer.state).map(({ edit: { id, text }, isOpen }) => [id, text, isOpen]);
  const begun = (id: string, text: string): Edit => ({
    kind: "message",
    id,
    before: `text of ${id}`,
    text,
    correctionId: null,
    isGone: false,
  });

  it("is kept until it is saved, cancelled or reverted", () => {
    expect(kept(new Composer().do(edit("m1")))).toEqual([]);
    const composer = new Composer().do(edit("m1"), type("changed"));
    expect(kept(composer)).toEqual([["m1", "changed", true]]);
    expect(kept(composer.do(SEND))).toEqual([["m1", "changed", true]]);
    expect(kept(composer.do(saved("m1", "changed")))).toEqual([]);
    expect(kept(new Composer().do(edit("m1"), type("changed"), LEAVE))).toEqual([]);
    expect(kept(new Composer().do(edit("m1"), type("changed"), type("text of m1")))).toEqual([]);
  });

  it("that was set aside is kept, but not shown in the field", () => {
    const composer = new Composer().do(edit("m1"), type("changed"), reply("m2"));
    expect(kept(composer)).toEqual([["m1", "changed", false]]);
    expect(kept(composer.do(edit("m1")))).toEqual([["m1", "changed", true]]);
  });

  it("of an earlier visit is in the field again, and the draft returns after it", () => {
    const composer = new Composer([
      { edit: begun("m1", "first"), isOpen: true },
      { edit: begun("m2", "second"), isOpen: true },
      { edit: begun("m3", "third"), isOpen: false },
    ]);
    expect([composer.text, composer.status]).toEqual(["second", "editing"]);
    expect(composer.do(LEAVE).text).toBe("");
    expect(composer.do(edit("m1")).text).toBe("first");
    expect(composer.do(edit("m3")).text).toBe("third");
  });

  it("that an earlier visit set aside continues when the message is edited again", () => {
    const composer = new Composer([{ edit: begun("m1", "half a change"), isOpen: false }]);
    expect([composer.text, composer.status]).toEqual(["", "draft"]);
    expect(composer.do(edit("m1")).text).toBe("half a change");
  });

  it("ends when the message has the typed text, because this or another tab has saved it", () => {
    const composer = new Composer([{ edit: begun("m1", "changed "), isOpen: true }]);
    composer.do({ type: "message-changed", message: quoted("m1", "changed") });
    expect([composer.text, composer.status, kept(composer)]).toEqual(["", "draft", []]);
  });

  it("of a deleted message reports the deletion, and may become the draft", () => {
    const composer = new Composer([{ edit: begun("m1", "changed"), isOpen: true }]);
    composer.do({ type: "message-changed", message: quoted("m1", "", true) });
    expect([composer.text, composer.status]).toEqual(["changed", "refused"]);
    expect([composer.do(LEAVE).text, composer.status, kept(composer)]).toEqual(["changed", "draft", []]);
  });

  it("of another tab continues in this one", () => {
    const elsewhere = { text: "begun elsewhere", correctionId: null };
    const composer = new Composer().do({
      type: "edit",
      kind: "message",
      id: "m1",
      text: "text of m1",
      unfinished: elsewhere,
    });
    expect(composer.text).toBe("begun elsewhere");
    composer.do({ type: "edit-replaced", id: "m1", by: { text: "changed there", correctionId: null } });
    expect([composer.text, composer.status]).toEqual(["changed there", "editing"]);
    composer.do({ type: "edit-replaced", id: "m1", by: null });
    expect([composer.text, composer.status]).toEqual(["", "draft"]);
  });

  it("that was set aside follows changes of another tab, and ends with its edit", () => {
    const composer = new Composer().do(edit("m1"), type("one"), edit("m2"), type("two"), reply("m3"));
    composer.do(
      { type: "edit-replaced", id: "m1", by: { text: "one more", correctionId: null } },
      { type: "edit-replaced", id: "m2", by: null },
    );
    expect(kept(composer)).toEqual([["m1", "one more", false]]);
  });

  it("whose text another tab replaces while the nickname prompt is open is not sent", () => {
    const correct: ComposerEvent = { type: "edit", kind: "post", id: "post-1", text: "refused text" };
    const composer = new Composer().do(correct, type("better text"), SEND_WITHOUT_NAME);
    composer.do(
      { type: "edit-replaced", id: "post-1", by: { text: "other text", correctionId: "id" } },
      NAMED,
    );
    expect(composer.effects.filter(({ type: kind }) => kind === "correct-post")).toEqual([]);
    expect(composer.text).toBe("other text");
  });

  it("of a refused post creates one message, even if two tabs send it", () => {
    const correct: ComposerEvent = { type: "edit", kind: "post", id: "post-1", text: "refused text" };
    const here = new Composer().do(correct, type("better text"));
    const [unfinished] = unfinishedEdits(here.state);
    const there = new Composer().do({ ...correct, unfinished: unfinished?.edit ?? null });
    const idOf = (composer: Composer) =>
      composer.do(SEND).effects.find(({ type: kind }) => kind === "correct-post");
    expect(idOf(there)).toEqual(idOf(here));
  });
});

describe("a reply", () => {
  it("to a message that is then deleted remains a reply and keeps its text", () => {
    const composer = new Composer().do(reply("m1"), type("yes"));
    composer.do({ type: "message-changed", message: quoted("m1", "", true) });
    expect([composer.text, composer.state.draft.replyTo?.deleted]).toEqual(["yes", true]);
    expect(composer.do(SEND).effects).toContainEqual(
      expect.objectContaining({ type: "post", replyTo: "m1" }),
    );
  });

  it("that is cancelled leaves its text in the draft", () => {
    const composer = new Composer().do(reply("m1"), type("yes"), LEAVE);
    expect([composer.text, composer.status]).toEqual(["yes", "draft"]);
  });
});

describe("a correction of a post that the server refused", () => {
  const CORRECT: ComposerEvent = { type: "edit", kind: "post", id: "post-1", text: "refused text" };

  it("shows the refused text, sends the corrected one, and returns to the draft", () => {
    const composer = new Composer().do(type("my draft"), CORRECT);
    expect(composer.text).toBe("refused text");
    composer.do(type("better text"), SEND);
    expect(composer.effects).toContainEqual(
      expect.objectContaining({ type: "correct-post", clientId: "post-1", text: "better text" }),
    );
    expect([composer.text, composer.posts]).toEqual(["my draft", []]);
  });

  it("without a change is the same post, which may have been sent in the meantime", () => {
    expect(new Composer().do(CORRECT, SEND).effects).toEqual([
      { type: "correct-post", clientId: "post-1", newId: "post-1", text: "refused text" },
    ]);
  });

  it("ends when the post is discarded, unless its text has changed", () => {
    const discarded: ComposerEvent = { type: "post-discarded", clientId: "post-1" };
    expect(new Composer().do(type("my draft"), CORRECT, discarded).text).toBe("my draft");
    expect(new Composer().do(CORRECT, type("better text"), discarded).text).toBe("better text");
  });

  it("waits for a nickname like any post", () => {
    const composer = new Composer().do(
      CORRECT,
      type("better text"),
      SEND_WITHOUT_NAME,
      type("best text"),
      NAMED,
    );
    expect(composer.effects.filter(({ type: kind }) => kind === "correct-post")).toEqual([
      expect.objectContaining({ text: "best text" }),
    ]);
  });
});

describe("before it sends a message, the page names what to change", () => {
  it.each([
    ["\u200b\u2060", "empty"],
    ["😀".repeat(TEXT_MAX + 1), "length"],
  ])("%#", (text, kind) => {
    const composer = new Composer().do(type(text), SEND);
    expect(composer.state.phase).toMatchObject({
      name: "refused",
      refusal: { kind: "text", problem: { kind } },
    });
    expect([composer.posts, composer.text]).toEqual([[], text]);
  });

  it("control characters are removed from messages", () => {
    expect(new Composer().do(type("Agenda\u000bitem \u001b[31mred\u001b[0m\u0000"), SEND).posts).toEqual([
      "Agenda\nitem red",
    ]);
  });

  it("a full outbox refuses a message, and the composer keeps the text", () => {
    const composer = new Composer().do(type("one more"), submit({ isOutboxFull: true }));
    expect([composer.status, composer.text, composer.posts]).toEqual(["refused", "one more", []]);
  });

  it("sending empty text does nothing", () => {
    expect(
      new Composer().do(type("  \n"), SEND, SEND_WITHOUT_NAME).effects.map(({ type: kind }) => kind),
    ).toEqual(["save-draft"]);
  });
});

it("signing out clears the field and closes the edit", () => {
  const composer = new Composer().do(type("my draft"), edit("m1"), type("changed"), { type: "signed-out" });
  expect([composer.text, composer.status]).toEqual(["", "draft"]);
  expect(composer.do(edit("m1")).text).toBe("text of m1");
});

describe("in any order of events", () => {
  const ids = fc.constantFrom("m1", "m2", "post-1");
  const anyEvent: fc.Arbitrary<ComposerEvent> = fc.oneof(
    { weight: 4, arbitrary: fc.nat(999).map((number) => type(`t${number}`)) },
    fc.constant(type("")),
    fc.record({ hasSession: fc.boolean(), isOutboxFull: fc.constantFrom(false, false, true) }).map(submit),
    fc.constantFrom<ComposerEvent>(NAMED, { type: "name-cancelled" }, LEAVE, { type: "room-left" }),
    ids.map(reply),
    fc
      .record({ id: ids, kind: fc.constantFrom("message" as const, "post" as const) })
      .map(({ id, kind }): ComposerEvent => ({ type: "edit", kind, id, text: `text of ${id}` })),
    fc.tuple(ids, fc.boolean(), fc.nat(9)).map(([id, deleted, number]): ComposerEvent => ({
      type: "message-changed",
      message: quoted(id, deleted ? "" : `changed ${number}`, deleted),
    })),
    fc.constantFrom<"saved" | "refused" | "gone">("saved", "refused", "gone").map(
      (result): ComposerEvent => ({ type: "edit-saved", id: result, text: "" }), // replaced below
    ),
  );

  /** Results of saving belong to the edit that is being saved. */
  const fitted = (event: ComposerEvent, { edit: current, phase }: ComposerState): ComposerEvent => {
    if (event.type !== "edit-saved") return event;
    const [id, text] = [current?.id ?? "", phase.name === "sending" ? phase.text : ""];
    return event.id === "saved" ? saved(id, text) : refuse(id, text, event.id === "gone");
  };

  it("no typed text is lost or sent twice, and no erased text is published", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        const composer = new Composer();
        const gone = new Set<string>(); // texts that the person erased or cancelled
        for (const planned of events) {
          const event = fitted(planned, composer.state);
          const before = composer.state;
          const sentBefore = composer.effects.length;
          composer.do(event);
          const sent = composer.effects.slice(sentBefore).filter(({ type: kind }) => kind !== "save-draft");
          // Only Send and a name send, at most one text, and that is the text in the field.
          for (const effect of sent) {
            expect(["submitted", "named"]).toContain(event.type);
            if ("text" in effect) expect(effect.text).toBe(textOf(before));
          }
          expect(sent.length).toBeLessThanOrEqual(1);
          if (event.type === "named" && before.phase.name !== "naming") expect(sent).toEqual([]);
          if (before.phase.name === "sending") expect(sent).toEqual([]);
          // The draft changes only where its writer changes or sends it.
          const isDraftSent = sent.some(({ type: kind }) => kind === "post");
          if (event.type !== "typed" && !isDraftSent && before.draft.text !== "")
            expect(composer.state.draft.text).toBe(before.draft.text);
          if (event.type === "typed") gone.add(textOf(before));
          if (event.type === "left" && before.edit !== null) gone.add(before.edit.text);
          if (before.edit !== null && composer.state.edit?.id !== before.edit.id) {
            const { text, before: unchanged } = before.edit;
            const isKept =
              composer.state.setAside.some((each) => each.text === text) ||
              composer.state.draft.text === text ||
              composer.effects.some((effect) => "text" in effect && effect.text === text);
            expect(isKept || text === unchanged || text === "" || gone.has(text)).toBe(true);
          }
        }
        const clientIds = composer.effects.flatMap((effect) =>
          effect.type === "post" ? [effect.clientId] : [],
        );
        expect(new Set(clientIds).size).toBe(clientIds.length);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("while the reader may not write", () => {
  const BANNED: ComposerEvent = { type: "block-changed", block: { reason: "banned", untilMs: 9_000 } };
  const FREE: ComposerEvent = { type: "block-changed", block: null };

  it("nothing is sent, and the draft goes on afterwards", () => {
    const composer = new Composer().do(
      type("hello"),
      BANNED,
      SEND,
      type("hello there"),
      SEND,
      SEND_WITHOUT_NAME,
    );
    expect([composer.posts, composer.status, composer.text]).toEqual([[], "blocked", "hello there"]);
    composer.do(FREE);
    expect(composer.status).toBe("draft");
    composer.do(SEND);
    expect([composer.posts, composer.text]).toEqual([["hello there"], ""]);
  });

  it("an edit is kept but not saved", () => {
    const composer = new Composer().do(edit("1"), type("changed"), BANNED, SEND);
    expect([composer.savedEdits, composer.text]).toEqual([[], "changed"]);
    composer.do(FREE, SEND);
    expect(composer.savedEdits).toEqual(["changed"]);
  });

  it("a name that was asked for before does not send the text", () => {
    const composer = new Composer().do(type("hello"), SEND_WITHOUT_NAME, BANNED, NAMED);
    expect([composer.posts, composer.text, composer.status]).toEqual([[], "hello", "blocked"]);
  });

  it("an answer to an edit that was sent before still counts", () => {
    const composer = new Composer().do(type("draft"), edit("1"), type("changed"), SEND, BANNED);
    expect(composer.status).toBe("sending");
    composer.do(saved("1", "changed"));
    expect([composer.status, composer.text]).toEqual(["blocked", "draft"]);
  });

  it("signing out erases the draft but not the block, which is of the room", () => {
    const composer = new Composer().do(type("hello"), BANNED, { type: "signed-out" });
    expect([composer.status, composer.text]).toEqual(["blocked", ""]);
  });
});

it("counts a post that slow mode has delayed as sent when it is sent again", () => {
  const composer = new Composer().do(
    { type: "typed", text: "one" },
    { type: "submitted", hasSession: true, isOutboxFull: false, nowMs: 1_000 },
    { type: "post-delayed", untilMs: 9_000 },
  );
  expect(composer.state.postedAtMs).toBe(9_000);
  expect(composer.do({ type: "post-delayed", untilMs: 8_000 }).state.postedAtMs).toBe(9_000);
});
