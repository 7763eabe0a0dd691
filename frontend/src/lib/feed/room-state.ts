/** The state of a room in the browser, and the pure reducer that applies events to it. */
import type {
  Author,
  Heat,
  Message,
  MessagePage,
  MessagesPurged,
  Room,
  RoomEvent,
  RoomRules,
  RoomSlowMode,
  SlowMode,
  Visibility,
  WhoCanPost,
} from "@/lib/contract/types";
import { erasedAuthor } from "@/lib/people/erased-people";
import { keptRuns, type SkippedRun } from "./skipped-runs";

export const STORE_MESSAGES = 2_000;
export const HIDDEN_STORE_MESSAGES = 500;

export interface RoomState {
  readonly roomId: string;
  readonly name: string;
  readonly visibility: Visibility;
  readonly ownerId: string | null;
  /** In the order of appointment. */
  readonly moderators: readonly Author[];
  readonly whoCanPost: WhoCanPost;
  /** The age of a user id that makes its person a regular. */
  readonly regularAfterS: number;
  /** The newest applied seq: the cursor for the next stream. */
  readonly seq: number;
  /** Ascending by seq, without holes other than `skippedRuns` unless `isCutOff`. */
  readonly messages: readonly Message[];
  /** What the calm lane has left out between these messages, ascending. */
  readonly skippedRuns: readonly SkippedRun[];
  /** Pinned messages, the latest pin first; they may be older than `messages`. */
  readonly pinned: readonly Message[];
  /** There is history before the first message. */
  readonly hasOlder: boolean;
  /** The newest messages were dropped because the reader is far up; fetch the latest page to return. */
  readonly isCutOff: boolean;
  /** Changes of these messages may be missing because the reader was far up; the latest page brings them. */
  readonly isStale: boolean;
  /** Messages ever created in the room, as far as the browser knows. */
  readonly messageCount: number;
  /** The seq up to which `messageCount` has counted: the room may be newer than its page. */
  readonly countedSeq: number;
  readonly heat: Heat;
  readonly viewers: number;
  /** Seconds between two messages of one author, in force now. */
  readonly slowModeS: number;
  /** What hosts have set. */
  readonly slowMode: SlowMode;
  /** Nobody waits after this time of day unless a newer signal has come; null for no end. */
  readonly slowModeUntilMs: number | null;
  /** Of an automatic slow mode: even the longest wait does not reach its target. */
  readonly isTargetUnreachable: boolean;
  readonly typing: { readonly users: readonly Author[]; readonly atMs: number };
}

/** Limits of trimming: at most `capacity` messages stay, and none from `keepFromSeq` on is dropped as old. */
export interface Keep {
  readonly capacity: number;
  readonly keepFromSeq: number;
}

/** The reader is at the newest message. */
export const KEEP_NEWEST: Keep = { capacity: STORE_MESSAGES, keepFromSeq: Number.MAX_SAFE_INTEGER };

const COLD: Heat = { hot: false, since: null, fetches_per_s: 0 };
const REGULAR_AFTER_S = 86_400; // the default of the servers

/** The state after a snapshot: the latest page with its cursor, and the room's settings. */
export function fromSnapshot(page: MessagePage, room: Partial<Room> & { id: string }): RoomState {
  const countedTo = room.last_seq ?? page.cursor;
  const uncounted = page.messages.filter(({ seq }) => seq > countedTo).length;
  return {
    roomId: room.id,
    name: room.name ?? room.id,
    visibility: room.visibility ?? "public",
    ownerId: room.owner_id ?? null,
    moderators: room.moderators ?? [],
    whoCanPost: room.who_can_post ?? "everyone",
    regularAfterS: room.regular_after_s ?? REGULAR_AFTER_S,
    seq: page.cursor,
    messages: page.messages,
    skippedRuns: [],
    pinned: page.pinned ?? [],
    hasOlder: page.has_more,
    isCutOff: false,
    isStale: false,
    messageCount: (room.message_count ?? page.messages.length) + uncounted,
    countedSeq: Math.max(countedTo, page.cursor),
    heat: room.heat ?? COLD,
    viewers: room.viewers ?? 0,
    slowModeS: room.slow_mode_s ?? 0,
    slowMode: room.slow_mode ?? fixedSlowMode(room.slow_mode_s ?? 0),
    slowModeUntilMs: null,
    isTargetUnreachable: false,
    typing: { users: [], atMs: 0 },
  };
}

/** The state after one event. An event that is not newer than the state changes nothing, so a replay is harmless. */
export function applyEvent(
  state: RoomState,
  event: RoomEvent,
  nowMs: number,
  keep: Keep = KEEP_NEWEST,
): RoomState {
  switch (event.type) {
    case "room.heat":
      return { ...state, heat: event.heat };
    case "room.viewers":
      return { ...state, viewers: event.viewers };
    case "room.slow_mode":
      return { ...state, ...withSlowMode(state, event) };
    case "room.name":
      return { ...state, name: event.name };
    case "room.typing":
      return { ...state, typing: { users: event.users, atMs: nowMs } };
    default:
      break;
  }
  if (typeof event.seq !== "number" || event.seq <= state.seq) return state;
  if (event.type === "room.changed") return { ...state, seq: event.seq, ...withRules(state, event.room) };
  if (event.type !== "message.created") {
    const messages = changeMessages(state.messages, event);
    return { ...state, seq: event.seq, messages, pinned: changePinned(state.pinned, event) };
  }
  const messageCount = state.messageCount + (event.seq > state.countedSeq ? 1 : 0);
  if (state.isCutOff) return { ...state, seq: event.seq, messageCount };
  const kept = trim([...state.messages, event.message], keep);
  return {
    ...state,
    seq: event.seq,
    messageCount,
    messages: kept.messages,
    skippedRuns: keptRuns(state.skippedRuns, kept.messages, kept.droppedNew),
    hasOlder: state.hasOlder || kept.droppedOld,
    isCutOff: kept.droppedNew,
  };
}

const withRules = (state: RoomState, rules: RoomRules) => ({
  name: rules.name,
  visibility: rules.visibility,
  ownerId: rules.owner?.id ?? null,
  moderators: rules.moderators,
  whoCanPost: rules.who_can_post,
  regularAfterS: rules.regular_after_s,
  slowMode: rules.slow_mode,
  // In `auto` the server sets the wait, and signals it.
  ...(rules.slow_mode.mode !== "auto"
    ? { slowModeS: rules.slow_mode.seconds, slowModeUntilMs: null, isTargetUnreachable: false }
    : state.slowMode.mode !== "auto" && { slowModeS: 0 }),
});

function withSlowMode({ slowMode }: RoomState, signal: RoomSlowMode) {
  const { slow_mode_s: slowModeS, mode, until, unreachable } = signal;
  return {
    slowModeS,
    // The other fields of the mode arrive with `room.changed`. Servers of earlier versions signal no mode.
    slowMode: mode === undefined || mode === slowMode.mode ? slowMode : { ...slowMode, mode },
    slowModeUntilMs: until === undefined ? null : Date.parse(until),
    isTargetUnreachable: unreachable === true,
  };
}

const fixedSlowMode = (seconds: number): SlowMode => ({
  mode: seconds === 0 ? "off" : "fixed",
  seconds,
  target_posts_per_s: null,
});

/** The messages after an edit, a deletion, a purge or a reaction; the same array when none of them is affected. */
export function changeMessages(messages: readonly Message[], event: RoomEvent): readonly Message[] {
  switch (event.type) {
    case "message.edited":
    case "message.deleted":
      return replace(messages, event.message.id, () => event.message);
    case "reaction.changed":
      return replace(messages, event.message_id, (message) => ({
        ...message,
        reactions: withCount(message.reactions, event.kind, event.count),
      }));
    case "messages.purged":
      return withoutPurged(messages, event);
    default:
      return messages;
  }
}

/** The pinned messages after any event; the same array when none of them is affected. */
export function changePinned(pinned: readonly Message[], event: RoomEvent): readonly Message[] {
  const without = (id: string) => pinned.filter((message) => message.id !== id);
  switch (event.type) {
    case "message.pinned":
      return [event.message, ...without(event.message.id)];
    case "message.unpinned":
      return without(event.message_id);
    case "message.deleted":
      return pinned.some((message) => message.id === event.message.id) ? without(event.message.id) : pinned;
    case "messages.purged": {
      const isPurged = purgeRule(event);
      return pinned.some(isPurged) ? pinned.filter((message) => !isPurged(message)) : pinned;
    }
    default:
      return changeMessages(pinned, event);
  }
}

/** Whose messages a purge deleted. */
export const purgedAuthors = ({ author_id, author_ids = [] }: MessagesPurged): ReadonlySet<string> =>
  new Set(author_id === undefined ? author_ids : [...author_ids, author_id]);

/** Whether a purge deleted a message. */
export function purgeRule(event: MessagesPurged): (message: Pick<Message, "author" | "seq">) => boolean {
  const authors = purgedAuthors(event);
  return ({ author, seq }) => seq <= event.up_to_seq && authors.has(author.id);
}

function withoutPurged(messages: readonly Message[], event: MessagesPurged): readonly Message[] {
  const isPurged = purgeRule(event);
  const { erased_as: id } = event;
  const isAffected = (message: Message) => (id !== undefined || !message.deleted) && isPurged(message);
  if (!messages.some(isAffected)) return messages;
  return messages.map((message) =>
    isAffected(message)
      ? {
          ...message,
          author: id === undefined ? message.author : erasedAuthor(id),
          text: "",
          deleted: true,
          reactions: {},
        }
      : message,
  );
}

/** The state with an older page before it. `events` newer than the page bring it up to date. */
export function prependPage(
  state: RoomState,
  page: MessagePage,
  events: readonly RoomEvent[],
  keep: Keep = KEEP_NEWEST,
): RoomState {
  const firstSeq = state.messages[0]?.seq ?? state.seq + 1;
  let older: readonly Message[] = page.messages.filter((message) => message.seq < firstSeq);
  for (const event of events) {
    if ("seq" in event && event.seq > page.cursor && event.seq <= state.seq)
      older = changeMessages(older, event);
  }
  if (keep.keepFromSeq > state.seq) {
    // The reader is at the newest message: take only as many older ones as the capacity allows.
    const kept = trim([...older, ...state.messages], keep);
    const skippedRuns = keptRuns(state.skippedRuns, kept.messages, state.isCutOff);
    return { ...state, messages: kept.messages, skippedRuns, hasOlder: page.has_more || kept.droppedOld };
  }
  const all = [...older, ...state.messages];
  const overflow = Math.max(0, all.length - Math.max(keep.capacity, older.length));
  const messages = overflow === 0 ? all : all.slice(0, all.length - overflow);
  const isCutOff = state.isCutOff || overflow > 0;
  const skippedRuns = keptRuns(state.skippedRuns, messages, isCutOff);
  return { ...state, messages, skippedRuns, hasOlder: page.has_more, isCutOff };
}

/** The latest page, fetched while the reader is far up: the messages on screen stay, and the page is used later. */
export function withNewHead(state: RoomState, fresh: RoomState): RoomState {
  const { messages, hasOlder, typing } = state;
  const skippedRuns = keptRuns(state.skippedRuns, messages, true);
  return { ...fresh, messages, skippedRuns, hasOlder, typing, isCutOff: true, isStale: true };
}

/** The state with a newer page after its last message; complete once the page reaches the newest message. */
export function appendPage(
  state: RoomState,
  page: MessagePage,
  events: readonly RoomEvent[],
  keep: Keep = KEEP_NEWEST,
): RoomState {
  const lastSeq = state.messages.at(-1)?.seq ?? 0;
  // The page may be ahead of the stream, which will deliver the rest.
  let newer: readonly Message[] = page.messages.filter(({ seq }) => seq > lastSeq && seq <= state.seq);
  const since = events.filter((event) => "seq" in event && event.seq > page.cursor && event.seq <= state.seq);
  const isComplete = !page.has_more && since.length >= state.seq - page.cursor;
  // In order, because a message may have been created, changed and deleted after the page.
  for (const event of since) {
    if (event.type !== "message.created") newer = changeMessages(newer, event);
    else if (isComplete) newer = [...newer, event.message];
  }
  const kept = trim([...state.messages, ...newer], keep);
  const isCutOff = !isComplete || kept.droppedNew;
  return {
    ...state,
    messages: kept.messages,
    skippedRuns: keptRuns(state.skippedRuns, kept.messages, isCutOff),
    hasOlder: state.hasOlder || kept.droppedOld,
    isCutOff,
  };
}

/** The state with only the page around a message: history on both sides is not loaded yet. */
export function showAround(state: RoomState, page: MessagePage, events: readonly RoomEvent[]): RoomState {
  const around = { ...state, messages: [], skippedRuns: [], isCutOff: true, isStale: false, hasOlder: false };
  const shown = appendPage(around, page, events);
  return { ...shown, hasOlder: page.has_more && (page.messages[0]?.seq ?? 1) > 1 };
}

/** At most `capacity` messages; the end far from the reader is dropped. */
export function trim(
  messages: readonly Message[],
  keep: Keep,
): { messages: readonly Message[]; droppedOld: boolean; droppedNew: boolean } {
  const excess = messages.length - keep.capacity;
  if (excess <= 0) return { messages, droppedOld: false, droppedNew: false };
  let droppable = 0;
  while (droppable < excess && (messages[droppable]?.seq ?? Infinity) < keep.keepFromSeq) droppable += 1;
  const rest = messages.slice(droppable, droppable + keep.capacity);
  return { messages: rest, droppedOld: droppable > 0, droppedNew: droppable < excess };
}

function replace(
  messages: readonly Message[],
  id: string,
  change: (message: Message) => Message,
): readonly Message[] {
  const index = messages.findLastIndex((message) => message.id === id);
  const found = messages[index];
  return found === undefined ? messages : messages.with(index, change(found));
}

function withCount(reactions: Message["reactions"], kind: string, count: number): Message["reactions"] {
  const others = Object.entries(reactions).filter(([each]) => each !== kind);
  return Object.fromEntries(count > 0 ? [...others, [kind, count]] : others);
}
