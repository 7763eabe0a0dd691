/** Unread messages per room: the difference of two message counts, so that reactions and edits never count. Pure. */

/** The message count up to which each room was read, the room read longest ago first. */
export type ReadCounts = ReadonlyMap<string, number>;

/** The seq up to which single messages of a room count as read although the room was not opened. */
export type DiscountedSeqs = ReadonlyMap<string, number>;

const ROOMS_MAX = 500; // overflow rule OLDEST: drop the room that was read longest ago

/** Messages since the room was last read; 0 in a room that was never opened. */
export const unread = (read: ReadCounts, roomId: string, messageCount: number): number =>
  Math.max(0, messageCount - (read.get(roomId) ?? messageCount));

/** The counts after a room was read. */
export function withRead(read: ReadCounts, roomId: string, messageCount: number): ReadCounts {
  const others = [...read].filter(([id]) => id !== roomId);
  return new Map([...others.slice(-ROOMS_MAX + 1), [roomId, messageCount]]);
}

/** The JSON to store: a list, because an object would move room ids that are numbers to its front. */
export const readCountsToJson = (read: ReadCounts, discounted: DiscountedSeqs = new Map()): string =>
  JSON.stringify([...read].map(([id, count]) => [id, count, discounted.get(id) ?? 0]));

/** Stored counts; empty if unreadable. Earlier versions stored an object, or a list without seqs. */
export function readCountsFromJson(json: string | null): ReadCounts {
  return new Map(
    storedEntries(json).flatMap(([id, count]) => (typeof count === "number" ? [[id, count] as const] : [])),
  );
}

export function discountedFromJson(json: string | null): DiscountedSeqs {
  return new Map(
    storedEntries(json).flatMap(([id, , seq]) => (typeof seq === "number" ? [[id, seq] as const] : [])),
  );
}

type StoredEntry = readonly [id: string, count: unknown, seq?: unknown];

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
