/** The state machine of one room's composer, as a pure function: events in, the next state and effects out.
 *
 *   phase     meaning                                       ends with
 *   writing   a draft, a reply or an edit is being typed    submitted
 *   naming    Send was pressed and there is no session yet  named: the text of that moment is sent; name-cancelled
 *   sending   an edit is being saved                        edit-saved: the draft returns; edit-refused
 *   refused   the text stays, with the reason               any change of the text
 *
 * A block, such as a ban, keeps anything from being sent in any phase; the text stays and can be changed.
 *
 * The draft and the text of an edit are separate, so the draft returns however an edit ends. A draft has an id, which
 * becomes the client id of its post: sending the same draft twice, in two tabs or after a crash, creates one message. */
import type { Message } from "@/lib/contract/types";
import type { PostingBlock } from "./posting-block";
import { cleaned, messageProblem, type TextProblem } from "@/lib/text/allowed-characters";

export const TEXT_MAX = 4_000; // code points after trimming, as the server counts them
export const SET_ASIDE_MAX = 20; // overflow rule OLDEST: a dropped edit starts over

/** The message that a draft replies to. */
export type Quoted = Pick<Message, "id" | "author" | "text" | "deleted">;

export interface Draft {
  /** Changes whenever the text does. */
  readonly id: string;
  readonly text: string;
  readonly replyTo: Quoted | null;
}

/** A change of a message, or the correction of a post that the server refused. */
export interface Edit {
  readonly kind: "message" | "post";
  /** The id of the message; the client id of the post. */
  readonly id: string;
  /** The text before the edit. */
  readonly before: string;
  readonly text: string;
  /** The client id of a correction; null for a message. Like a draft's id, it changes whenever the text does. */
  readonly correctionId: string | null;
  /** The message has been deleted. */
  readonly isGone: boolean;
}

/** The text typed into an edit. */
export type EditText = Pick<Edit, "text" | "correctionId">;

/** An edit whose text would be lost with the page. */
export interface UnfinishedEdit {
  readonly edit: Edit;
  /** Whether it is in the field; otherwise it was set aside. */
  readonly isOpen: boolean;
}

export type Refusal =
  | { readonly kind: "text"; readonly problem: TextProblem }
  | { readonly kind: "outbox-full" | "edit-gone" }
  | { readonly kind: "server"; readonly error: unknown };

export type Phase =
  | { readonly name: "writing" | "naming" }
  | { readonly name: "sending"; readonly text: string }
  | { readonly name: "refused"; readonly refusal: Refusal };

export interface ComposerState {
  /** Shown unless an edit is open. */
  readonly draft: Draft;
  readonly edit: Edit | null;
  /** Edits that were left without being saved or cancelled; they continue when the same message is edited again. */
  readonly setAside: readonly Edit[];
  readonly phase: Phase;
  /** Why nothing may be sent now. */
  readonly block: PostingBlock | null;
  /** When the last post was sent, or will be sent again, on the app's clock. */
  readonly postedAtMs: number | null;
  /** Incremented whenever the field should take the focus. */
  readonly focusRequests: number;
}

export type ComposerStatus = "draft" | "naming" | "editing" | "replying" | "sending" | "refused" | "blocked";

interface Sending {
  readonly isOutboxFull: boolean;
  readonly nowMs: number;
}

export type ComposerEvent =
  | { readonly type: "typed"; readonly text: string }
  | ({ readonly type: "submitted"; readonly hasSession: boolean } & Sending)
  | ({ readonly type: "named" } & Sending)
  | { readonly type: "name-cancelled" | "left" | "room-left" | "signed-out" }
  | { readonly type: "reply"; readonly message: Quoted }
  | {
      readonly type: "edit";
      readonly kind: Edit["kind"];
      readonly id: string;
      readonly text: string;
      /** The text typed in another tab. */
      readonly unfinished?: EditText | null;
    }
  /** The room shows a new state of a message that is edited or replied to. */
  | { readonly type: "message-changed"; readonly message: Quoted }
  | { readonly type: "post-discarded"; readonly clientId: string }
  /** Slow mode has refused the last post; it is sent again at a time of the app's clock. */
  | { readonly type: "post-delayed"; readonly untilMs: number }
  | { readonly type: "edit-saved"; readonly id: string; readonly text: string }
  | {
      readonly type: "edit-refused";
      readonly id: string;
      readonly text: string;
      readonly error: unknown;
      /** The message no longer exists on the server. */
      readonly isGone: boolean;
    }
  | { readonly type: "block-changed"; readonly block: PostingBlock | null }
  /** Another tab has changed, sent or erased the room's draft. */
  | { readonly type: "draft-replaced"; readonly draft: Draft }
  /** Another tab has changed an edit; null if it has saved or cancelled it. */
  | { readonly type: "edit-replaced"; readonly id: string; readonly by: EditText | null };

export type ComposerEffect =
  | { readonly type: "save-draft"; readonly draft: Draft }
  | { readonly type: "ask-name" }
  | {
      readonly type: "post";
      readonly clientId: string;
      readonly text: string;
      readonly replyTo: string | null;
    }
  | {
      readonly type: "correct-post";
      readonly clientId: string;
      /** The client id of the correction. */
      readonly newId: string;
      readonly text: string;
    }
  | { readonly type: "save-edit"; readonly id: string; readonly text: string };

export interface ComposerStep {
  readonly state: ComposerState;
  readonly effects: readonly ComposerEffect[];
}

type NewId = () => string;

const WRITING: Phase = { name: "writing" };

/** `unfinished`: the edits of an earlier visit. The last one that was open is open again. */
export function startWith(draft: Draft, unfinished: readonly UnfinishedEdit[] = []): ComposerState {
  const edit = unfinished.findLast(({ isOpen }) => isOpen)?.edit ?? null;
  const others = unfinished.map((each) => each.edit).filter((each) => each !== edit);
  return {
    draft,
    edit,
    setAside: others.slice(-SET_ASIDE_MAX),
    phase: WRITING,
    block: null,
    postedAtMs: null,
    focusRequests: 0,
  };
}

export const emptyDraft = (newId: NewId): Draft => ({ id: newId(), text: "", replyTo: null });

/** The text in the field. */
export const textOf = ({ edit, draft }: ComposerState): string => edit?.text ?? draft.text;

/** The edits to keep over a reload: those with unsaved changes. */
export function unfinishedEdits({ edit, setAside, phase }: ComposerState): UnfinishedEdit[] {
  const aside = setAside.map((each) => ({ edit: each, isOpen: false }));
  if (edit === null || (edit.text === edit.before && phase.name !== "sending")) return aside;
  return [...aside.filter((each) => each.edit.id !== edit.id), { edit, isOpen: true }];
}

/** The text as it is sent. */
export const toSend = (text: string): string => cleaned(text).trim().normalize("NFC");

export function statusOf({ phase, block, edit, draft }: ComposerState): ComposerStatus {
  if (block !== null && phase.name !== "sending") return "blocked";
  if (phase.name !== "writing") return phase.name;
  if (edit !== null) return "editing";
  return draft.replyTo === null ? "draft" : "replying";
}

/** `newId` makes the ids of drafts. */
export function nextComposer(state: ComposerState, event: ComposerEvent, newId: NewId): ComposerStep {
  switch (event.type) {
    case "typed":
      return typed(state, event.text, newId);
    case "submitted":
      return state.phase.name === "sending" ? stay(state) : submit(state, event, newId);
    case "named":
      return state.phase.name === "naming"
        ? submit(state, { ...event, hasSession: true }, newId)
        : stay(state);
    case "name-cancelled":
      return stay(state.phase.name === "naming" ? { ...state, phase: WRITING } : state);
    case "reply":
      return changeDraft(focused(withoutEdit(state, "set-aside")), { replyTo: quoted(event.message) }, newId);
    case "edit":
      return stay(focused(beginEdit(state, event)));
    case "left":
      if (state.edit !== null) return leaveEdit(state, newId);
      return state.draft.replyTo === null ? stay(state) : changeDraft(state, { replyTo: null }, newId);
    case "room-left":
      return stay(withoutEdit(state, "set-aside"));
    case "message-changed":
      return stay(withMessage(state, event.message));
    case "post-discarded":
      // A correction that has begun is not discarded with its post.
      return stay(isUnchanged(state, event.clientId) ? withoutEdit(state, "drop") : state);
    case "post-delayed":
      return stay({ ...state, postedAtMs: Math.max(state.postedAtMs ?? -Infinity, event.untilMs) });
    case "edit-saved":
      return stay(editSaved(state, event.id, event.text));
    case "edit-refused":
      return stay(editRefused(state, event));
    case "block-changed":
      return stay(state.block === event.block ? state : { ...state, block: event.block });
    case "draft-replaced":
      return stay({
        ...state,
        draft: event.draft,
        phase: state.edit === null ? WRITING : state.phase, // Send was pressed for another text
      });
    case "edit-replaced":
      return stay(editReplaced(state, event.id, event.by));
    case "signed-out":
      return stay({ ...startWith(emptyDraft(newId)), block: state.block });
  }
}

const isUnchanged = ({ edit }: ComposerState, id: string): boolean =>
  edit?.id === id && edit.text === edit.before;

const stay = (state: ComposerState): ComposerStep => ({ state, effects: [] });

const focused = (state: ComposerState): ComposerState => ({
  ...state,
  focusRequests: state.focusRequests + 1,
});

const refused = (state: ComposerState, refusal: Refusal): ComposerStep =>
  stay({ ...state, phase: { name: "refused", refusal } });

const quoted = ({ id, author, text, deleted }: Quoted): Quoted => ({ id, author, text, deleted });

/** A new id, because another text is another message. */
function changeDraft(state: ComposerState, change: Partial<Draft>, newId: NewId): ComposerStep {
  const draft = { ...state.draft, ...change, id: newId() };
  return { state: { ...state, draft }, effects: [{ type: "save-draft", draft }] };
}

function typed(state: ComposerState, text: string, newId: NewId): ComposerStep {
  const { edit } = state;
  const phase = state.phase.name === "refused" ? WRITING : state.phase;
  if (edit !== null) {
    const correctionId = edit.kind === "post" ? newId() : null;
    return stay({ ...state, phase, edit: { ...edit, text, correctionId } });
  }
  return changeDraft({ ...state, phase }, { text }, newId);
}

/** Send the text in the field, or refuse it with the reason. */
function submit(state: ComposerState, event: { hasSession: boolean } & Sending, newId: NewId): ComposerStep {
  const { draft, edit } = state;
  const text = toSend(textOf(state));
  if (text === "" || state.block !== null) return stay({ ...state, phase: WRITING });
  const problem = messageProblem(text, TEXT_MAX);
  if (problem !== null) return refused(state, { kind: "text", problem });
  if (edit?.kind === "message") {
    if (edit.isGone) return refused(state, { kind: "edit-gone" });
    if (text === edit.before) return stay(withoutEdit(state, "drop"));
    return {
      state: { ...state, phase: { name: "sending", text } },
      effects: [{ type: "save-edit", id: edit.id, text }],
    };
  }
  if (!event.hasSession)
    return { state: { ...state, phase: { name: "naming" } }, effects: [{ type: "ask-name" }] };
  if (edit !== null) {
    return {
      state: { ...withoutEdit(state, "drop"), postedAtMs: event.nowMs },
      // Unchanged, it is the same message, which may have been sent in the meantime.
      effects: [
        {
          type: "correct-post",
          clientId: edit.id,
          newId: text === edit.before ? edit.id : (edit.correctionId ?? newId()),
          text,
        },
      ],
    };
  }
  if (event.isOutboxFull) return refused(state, { kind: "outbox-full" });
  const next = emptyDraft(newId);
  return {
    state: { ...state, draft: next, phase: WRITING, postedAtMs: event.nowMs },
    effects: [
      { type: "post", clientId: draft.id, text, replyTo: draft.replyTo?.id ?? null },
      { type: "save-draft", draft: next },
    ],
  };
}

function beginEdit(
  state: ComposerState,
  { kind, id, text, unfinished = null }: Extract<ComposerEvent, { type: "edit" }>,
): ComposerState {
  if (state.edit?.id === id) return state;
  const left = withoutEdit(state, "set-aside");
  const earlier = left.setAside.find((each) => each.id === id);
  const begun: EditText = { text, correctionId: kind === "post" ? id : null };
  const { text: typedText, correctionId } = earlier ?? unfinished ?? begun;
  const edit: Edit = { kind, id, before: text, text: typedText, correctionId, isGone: false };
  return {
    ...left,
    edit,
    setAside: left.setAside.filter((each) => each !== earlier),
    phase: WRITING,
  };
}

/** Close the edit and return to the draft. `rule` says what happens to unsaved changes; an edit that is being saved is
 * always set aside. */
function withoutEdit(state: ComposerState, rule: "drop" | "set-aside"): ComposerState {
  const { edit, phase } = state;
  if (edit === null) return phase.name === "refused" ? { ...state, phase: WRITING } : state;
  const isKept = phase.name === "sending" || (rule === "set-aside" && edit.text !== edit.before);
  const setAside = isKept ? [...state.setAside, edit].slice(-SET_ASIDE_MAX) : state.setAside;
  return { ...state, edit: null, setAside, phase: WRITING };
}

/** Cancel the edit. If its message was deleted and there is no draft, the text of the edit becomes the draft. */
function leaveEdit(state: ComposerState, newId: NewId): ComposerStep {
  const left = withoutEdit(state, "drop");
  const { edit } = state;
  return edit?.isGone === true && edit.text !== edit.before && left.draft.text === ""
    ? changeDraft(left, { text: edit.text }, newId)
    : stay(left);
}

function withMessage(state: ComposerState, message: Quoted): ComposerState {
  const { draft, edit } = state;
  let next = state;
  const { replyTo } = draft;
  if (replyTo?.id === message.id && (replyTo.text !== message.text || replyTo.deleted !== message.deleted))
    next = { ...next, draft: { ...draft, replyTo: quoted(message) } };
  if (edit?.id !== message.id || edit.kind === "post") return next;
  if (message.deleted) return edit.isGone ? next : goneWhileEditing(next, edit);
  if (message.text === edit.before) return next;
  const isSaved = edit.text !== edit.before && toSend(edit.text) === message.text; // here or in another tab
  if (isSaved) return { ...next, edit: null, phase: WRITING };
  const text = edit.text === edit.before ? message.text : edit.text;
  return { ...next, edit: { ...edit, before: message.text, text } };
}

/** An edit without changes simply ends. */
function goneWhileEditing(state: ComposerState, edit: Edit): ComposerState {
  if (edit.text === edit.before) return withoutEdit(state, "drop");
  return {
    ...state,
    edit: { ...edit, isGone: true },
    phase: { name: "refused", refusal: { kind: "edit-gone" } },
  };
}

function editReplaced(state: ComposerState, id: string, by: EditText | null): ComposerState {
  const { edit, phase } = state;
  const setAside = state.setAside.flatMap((each) =>
    each.id !== id ? [each] : by === null ? [] : [{ ...each, ...by }],
  );
  if (edit?.id !== id) return { ...state, setAside };
  // Send was pressed for another text, unless that text is already being saved.
  const next = { ...state, setAside, phase: phase.name === "sending" && by !== null ? phase : WRITING };
  return { ...next, edit: by === null ? null : { ...edit, ...by } };
}

function editSaved(state: ComposerState, id: string, text: string): ComposerState {
  const { edit } = state;
  const setAside = state.setAside.filter((each) => each.id !== id || toSend(each.text) !== text);
  if (edit === null || !isSaving(state, id, text)) return { ...state, setAside };
  const hasChangedSince = toSend(edit.text) !== text;
  return { ...state, setAside, edit: hasChangedSince ? { ...edit, before: text } : null, phase: WRITING };
}

const isSaving = ({ edit, phase }: ComposerState, id: string, text: string): boolean =>
  edit?.id === id && phase.name === "sending" && phase.text === text;

function editRefused(
  state: ComposerState,
  { id, text, error, isGone }: { id: string; text: string; error: unknown; isGone: boolean },
): ComposerState {
  const { edit } = state;
  if (edit === null || !isSaving(state, id, text)) return state;
  const refusal: Refusal = isGone ? { kind: "edit-gone" } : { kind: "server", error };
  return { ...state, edit: { ...edit, isGone }, phase: { name: "refused", refusal } };
}
