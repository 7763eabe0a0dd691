/** Unread messages per room: the difference of two message counts, so that reactions and edits never count. Pure. */

/** The message count up to which each room was read, the room read longest ago first. */
export type ReadCounts = ReadonlyMap<string, number>;

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
export const readCountsToJson = (read: ReadCounts): string => JSON.stringify([...read]);

/** Stored counts; empty if unreadable. Earlier versions stored an object. */
export function readCountsFromJson(json: string | null): ReadCounts {
  try {
    const stored = JSON.parse(json ?? "[]") as [string, number][] | Record<string, number>;
    const entries = Array.isArray(stored) ? stored : Object.entries(stored);
    return new Map(entries.filter(([, count]) => typeof count === "number"));
  } catch {
    return new Map();
  }
}
