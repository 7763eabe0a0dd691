/** Messages that arrived while the reader could not see them. Pure. Counts are differences of the room's message count,
 * so that messages skipped by a fresh page are included. */
import type { RoomState } from "@/lib/feed/room-state";

/** How far the reader has seen: a seq, and the room's message count at that time. */
export interface ReadPosition {
  readonly seq: number;
  readonly messageCount: number;
}

export interface Unread {
  readonly since: ReadPosition;
  /** The reader's own messages: they are never unread. */
  readonly ownCount: number;
  /** Ids of messages that mention the reader or reply to them. */
  readonly forMe: ReadonlySet<string>;
}

export interface UnreadCounts {
  readonly messages: number;
  readonly forMe: number;
}

const FOR_ME_MAX = 1_000; // overflow rule: more are not counted

export const NO_UNREAD: UnreadCounts = { messages: 0, forMe: 0 };

export const unreadSince = (since: ReadPosition): Unread => ({ since, ownCount: 0, forMe: new Set() });

export function withOwnMessage(unread: Unread): Unread {
  return { ...unread, ownCount: unread.ownCount + 1 };
}

export function withMessageForMe(unread: Unread, messageId: string): Unread {
  const { forMe } = unread;
  if (forMe.has(messageId) || forMe.size >= FOR_ME_MAX) return unread;
  return { ...unread, forMe: new Set([...forMe, messageId]) };
}

export function unreadCounts({ since, ownCount, forMe }: Unread, room: RoomState | null): UnreadCounts {
  const messages = (room?.messageCount ?? since.messageCount) - since.messageCount - ownCount;
  return { messages: Math.max(0, messages), forMe: forMe.size };
}
