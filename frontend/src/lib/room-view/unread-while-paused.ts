/** What came while its reader could not see it. Pure. Counted by the room's own count of messages, so that those a
 * fresh page jumped over are counted too. */
import type { RoomState } from "@/lib/feed/room-state";

export interface Missed {
  readonly fromSeq: number;
  readonly fromCount: number;
  /** One's own messages are not missed. */
  readonly own: number;
  /** Messages that mention the reader or answer them. */
  readonly forMe: ReadonlySet<string>;
}

/** How much that is. */
export interface Held {
  readonly messages: number;
  readonly forMe: number;
}

export const NOTHING_HELD: Held = { messages: 0, forMe: 0 };

/** How far the reader has seen: a seq, and the room's count of messages then. */
export interface Seen {
  readonly seq: number;
  readonly messageCount: number;
}

/** Nothing yet. */
export const missedFrom = (seen: Seen): Missed => ({
  fromSeq: seen.seq,
  fromCount: seen.messageCount,
  own: 0,
  forMe: new Set(),
});

export function missedOwn(missed: Missed): Missed {
  return { ...missed, own: missed.own + 1 };
}

export function missedForMe(missed: Missed, messageId: string): Missed {
  return missed.forMe.has(messageId) ? missed : { ...missed, forMe: new Set([...missed.forMe, messageId]) };
}

export function held(missed: Missed, room: RoomState | null): Held {
  const messages = (room?.messageCount ?? missed.fromCount) - missed.fromCount - missed.own;
  return { messages: Math.max(0, messages), forMe: missed.forMe.size };
}
