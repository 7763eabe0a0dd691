/** Unread messages per room: the difference of two message counts, so that reactions and edits never count. Pure. */

export type ReadCounts = Readonly<Record<string, number>>;

const ROOMS_MAX = 500; // overflow rule: drop the room that was stored longest ago

/** Messages since the room was last read; 0 in a room that was never opened. */
export function unread(read: ReadCounts, roomId: string, messageCount: number): number {
  const seen = read[roomId];
  return seen === undefined ? 0 : Math.max(0, messageCount - seen);
}

export function withRead(read: ReadCounts, roomId: string, messageCount: number): ReadCounts {
  if (read[roomId] === messageCount) return read;
  const others = Object.entries(read).filter(([id]) => id !== roomId);
  return Object.fromEntries([...others.slice(-ROOMS_MAX + 1), [roomId, messageCount]]);
}
