/** Runs of events that the calm lane does not send (`stream.skipped`). A run stands where its messages belong until the reader
 * opens it. Pure. */
import type { Message, RoomEvent } from "@/lib/contract/types";

export const RUNS_MAX = 4_000; // overflow rule MERGE: further runs become part of the newest one

export interface SkippedRun {
  /** Exclusive. */
  readonly fromSeq: number;
  /** Inclusive. */
  readonly toSeq: number;
  /** How many of these events are messages that the room's state lacks. */
  readonly messages: number;
  /** The ids of people to whose messages some of them reply: a hint. */
  readonly repliedTo: readonly string[];
}

/** The runs followed by a newer one. */
export function withRun(runs: readonly SkippedRun[], run: SkippedRun): readonly SkippedRun[] {
  const last = runs.at(-1);
  if (last === undefined || runs.length < RUNS_MAX) return [...runs, run];
  const messages = last.messages + run.messages;
  const repliedTo = [...new Set([...last.repliedTo, ...run.repliedTo])];
  return [...runs.slice(0, -1), { fromSeq: last.fromSeq, toSeq: run.toSeq, messages, repliedTo }];
}

/** The runs between these messages, and after the last one unless newer messages were dropped. The messages of all other
 * runs arrive with pages of history. */
export function keptRuns(
  runs: readonly SkippedRun[],
  messages: readonly Message[],
  isCutOff: boolean,
): readonly SkippedRun[] {
  const firstSeq = messages[0]?.seq ?? 0;
  const endSeq = isCutOff ? (messages.at(-1)?.seq ?? 0) : Infinity;
  const isKept = ({ fromSeq }: SkippedRun) => fromSeq >= firstSeq && fromSeq < endSeq;
  return runs.every(isKept) ? runs : runs.filter(isKept);
}

/** Whether the calm lane leaves an event out. The writer marks such events, always with `calm: false`. */
export const isLeftOut = (event: RoomEvent): boolean => "calm" in event;
