/** Unread messages per room: two message counts subtracted, so that reactions and edits never count. Pure. */

export type ReadCounts = Readonly<Record<string, number>>;

const ROOMS_MAX = 500; // overflow rule: the room written down longest ago is forgotten

/** Messages since the room was last read; none in a room never opened. */
export function unread(read: ReadCounts, roomId: string, messageCount: number): number {
  const seen = read[roomId];
  return seen === undefined ? 0 : Math.max(0, messageCount - seen);
}

export function withRead(read: ReadCounts, roomId: string, messageCount: number): ReadCounts {
  if (read[roomId] === messageCount) return read;
  const others = Object.entries(read).filter(([id]) => id !== roomId);
  return Object.fromEntries([...others.slice(-ROOMS_MAX + 1), [roomId, messageCount]]);
}
