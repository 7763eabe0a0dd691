/** Unread messages per room: the difference of two message counts, so that reactions and edits never count. Pure. */
import type { RoomUpdated } from "@/lib/contract/types";

/** The message count up to which each room was read, the room read longest ago first. */
export type ReadCounts = ReadonlyMap<string, number>;

/** Where a room was last read, and later messages that count as read although the room was not opened since. */
export interface ReadMark {
  readonly seq: number;
  readonly discounted: readonly number[];
}

export type ReadMarks = ReadonlyMap<string, ReadMark>;

export const NO_MARK: ReadMark = { seq: 0, discounted: [] };

const ROOMS_MAX = 500; // overflow rule: drop the room that was read longest ago
const DISCOUNTED_MAX = 50; // overflow rule OLDEST: updates repeat only the messages of the last seconds

/** Messages since the room was last read; 0 in a room that was never opened. */
export const unread = (read: ReadCounts, roomId: string, messageCount: number): number =>
  Math.max(0, messageCount - (read.get(roomId) ?? messageCount));

/** The counts after a room was read. */
export function withRead(read: ReadCounts, roomId: string, messageCount: number): ReadCounts {
  const others = [...read].filter(([id]) => id !== roomId);
  return new Map([...others.slice(-ROOMS_MAX + 1), [roomId, messageCount]]);
}

/** The mark after a message was discounted; null if it was read or discounted before. */
export function withDiscounted(mark: ReadMark, seq: number): ReadMark | null {
  if (seq <= mark.seq || mark.discounted.includes(seq)) return null;
  return { ...mark, discounted: [...mark.discounted, seq].slice(-DISCOUNTED_MAX) };
}

/** The messages of an update that do not count as unread: the reader's own, and deleted ones. */
export function seqsToDiscount(update: RoomUpdated, readerId: string | undefined): readonly number[] {
  const { last_message, recent = [] } = update;
  const last =
    last_message === undefined
      ? []
      : [{ seq: last_message.seq, author_id: last_message.author.id, deleted: last_message.deleted }];
  const read = [...recent, ...last].filter(({ author_id, deleted }) => deleted || author_id === readerId);
  return [...new Set(read.map(({ seq }) => seq))];
}

/** The JSON to store: a list, because an object would move room ids that are numbers to its front. */
export const readCountsToJson = (read: ReadCounts, marks: ReadMarks = new Map()): string =>
  JSON.stringify(
    [...read].map(([id, count]) => {
      const { seq, discounted } = marks.get(id) ?? NO_MARK;
      return [id, count, seq, discounted];
    }),
  );

/** Stored counts; empty if unreadable. Earlier versions stored an object, or a list without marks. */
export function readCountsFromJson(json: string | null): ReadCounts {
  return new Map(
    storedEntries(json).flatMap(([id, count]) => (typeof count === "number" ? [[id, count] as const] : [])),
  );
}

/** Stored marks. Earlier versions stored the seq of the last discounted message in place of the mark's. */
export function readMarksFromJson(json: string | null): ReadMarks {
  return new Map(
    storedEntries(json).flatMap(([id, , seq, seqs]) => {
      if (typeof seq !== "number") return [];
      const listed: readonly unknown[] = Array.isArray(seqs) ? seqs : [];
      const discounted = listed.filter((each) => typeof each === "number");
      return [[id, { seq, discounted }] as const];
    }),
  );
}

type StoredEntry = readonly [id: string, count: unknown, seq?: unknown, discounted?: unknown];

function storedEntries(json: string | null): readonly StoredEntry[] {
  try {
    const stored: unknown = JSON.parse(json ?? "[]");
    if (Array.isArray(stored)) return stored.filter(isEntry);
    return typeof stored === "object" && stored !== null ? Object.entries(stored) : [];
  } catch {
    return [];
  }
}

const isEntry = (entry: unknown): entry is StoredEntry =>
  Array.isArray(entry) && typeof entry[0] === "string";
