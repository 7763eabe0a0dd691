/** What the calm lane changes in the state of a room: runs that it skips, and the messages that fill them later. Pure. */
import type { Message, MessagePage, RoomEvent, StreamSkipped } from "@/lib/contract/types";
import { changeMessages, trim, type Keep, type RoomState } from "./room-state";
import { keptRuns, withRun, type SkippedRun } from "./skipped-runs";

/** The state after a run. A run that is not newer than the state changes nothing, so a replay is harmless. A run that the
 * state has reached in part counts for the rest: a tab may join the stream of another tab in the middle of a run. */
export function applySkipped(state: RoomState, skipped: StreamSkipped): RoomState {
  const { to_seq: toSeq, replied_to: repliedTo } = skipped;
  if (toSeq <= state.seq) return state;
  const fromSeq = Math.max(skipped.from_seq, state.seq);
  const messages = Math.max(0, skipped.messages - reachedMessages(state, skipped));
  // The count of a room may be newer than its page.
  const uncounted = Math.min(messages, Math.max(0, toSeq - Math.max(fromSeq, state.countedSeq)));
  const next = { ...state, seq: toSeq, messageCount: state.messageCount + uncounted };
  if (state.isCutOff || messages === 0) return next;
  if (state.messages.length === 0) return { ...next, hasOlder: true }; // before the first message, a run is history
  return { ...next, skippedRuns: withRun(state.skippedRuns, { fromSeq, toSeq, messages, repliedTo }) };
}

/** How many messages of a run the state has counted: those that it holds. Before its first message, each event may be one. */
function reachedMessages(state: RoomState, { from_seq: fromSeq }: StreamSkipped): number {
  if (fromSeq >= state.seq) return 0;
  if (state.isCutOff) return state.seq - fromSeq;
  const held = state.messages.filter(({ seq }) => seq > fromSeq).length;
  const firstSeq = state.messages[0]?.seq ?? state.seq + 1;
  return held + (state.hasOlder ? Math.max(0, firstSeq - 1 - fromSeq) : 0);
}

/** The state with the messages of a run, from a page that begins with it. `events` newer than the page bring them up to
 * date. Messages that the page does not reach stay skipped. */
export function fillRun(
  state: RoomState,
  run: SkippedRun,
  page: MessagePage,
  events: readonly RoomEvent[],
  keep: Keep,
): RoomState {
  if (!state.skippedRuns.includes(run)) return state;
  const inRun = page.messages.filter(({ seq }) => seq > run.fromSeq && seq <= run.toSeq);
  const known = new Set(state.messages.map(({ id }) => id));
  const found = inRun.filter(({ id }) => !known.has(id));
  const reachedSeq = page.has_more ? (page.messages.at(-1)?.seq ?? run.fromSeq) : page.cursor;
  const rest = {
    ...run,
    fromSeq: Math.max(run.fromSeq, reachedSeq),
    messages: Math.max(1, run.messages - found.length),
  };
  const skippedRuns = replaced(state.skippedRuns, run, reachedSeq >= run.toSeq ? null : rest);
  return withMessages({ ...state, skippedRuns }, changedSince(found, page.cursor, state, events), keep);
}

/** The state with a message that the reader has posted, once the state has reached it. The lane may have skipped it. */
export function withPosted(
  state: RoomState,
  message: Message,
  events: readonly RoomEvent[],
  keep: Keep,
): RoomState {
  const isHistory = message.seq < (state.messages[0]?.seq ?? 0);
  if (state.isCutOff || isHistory || state.messages.some(({ id }) => id === message.id)) return state;
  const run = state.skippedRuns.find(({ fromSeq, toSeq }) => message.seq > fromSeq && message.seq <= toSeq);
  const rest = run && run.messages > 1 ? { ...run, messages: run.messages - 1 } : null;
  const skippedRuns = run === undefined ? state.skippedRuns : replaced(state.skippedRuns, run, rest);
  return withMessages({ ...state, skippedRuns }, changedSince([message], message.seq, state, events), keep);
}

/** The state with its left-out messages updated from a page, because the lane does not send their changes. */
export function refreshed(state: RoomState, page: MessagePage, events: readonly RoomEvent[]): RoomState {
  const fresh = new Map(
    changedSince(page.messages, page.cursor, state, events).map((message) => [message.id, message]),
  );
  const messages = state.messages.map((message) => {
    const now = message.calm === false ? fresh.get(message.id) : undefined;
    return now === undefined || JSON.stringify(now) === JSON.stringify(message) ? message : now;
  });
  return { ...state, messages };
}

const replaced = (runs: readonly SkippedRun[], run: SkippedRun, by: SkippedRun | null) =>
  runs.flatMap((each) => (each !== run ? [each] : by === null ? [] : [by]));

function changedSince(
  messages: readonly Message[],
  sinceSeq: number,
  { seq }: RoomState,
  events: readonly RoomEvent[],
): readonly Message[] {
  return events
    .filter((event) => "seq" in event && event.seq > sinceSeq && event.seq <= seq)
    .reduce(changeMessages, messages);
}

function withMessages(state: RoomState, found: readonly Message[], keep: Keep): RoomState {
  const kept = trim(
    [...state.messages, ...found].sort((a, b) => a.seq - b.seq),
    keep,
  );
  const isCutOff = state.isCutOff || kept.droppedNew;
  return {
    ...state,
    messages: kept.messages,
    skippedRuns: keptRuns(state.skippedRuns, kept.messages, isCutOff),
    hasOlder: state.hasOlder || kept.droppedOld,
    isCutOff,
  };
}
