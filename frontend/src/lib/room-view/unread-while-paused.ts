/** Messages that arrived while the reader could not see them. Pure. Counts are differences of the room's message count,
 * so that messages skipped by a fresh page are included. */
import type { Message } from "@/lib/contract/types";
import type { RoomState } from "@/lib/feed/room-state";

/** How far the reader has seen: a seq, and the room's message count at that time. */
export interface ReadPosition {
  readonly seq: number;
  readonly messageCount: number;
}

export type MessageForMe = Pick<Message, "id" | "seq" | "author">;

export interface Unread {
  readonly since: ReadPosition;
  /** The reader's own messages: they are never unread. */
  readonly ownCount: number;
  /** By id: messages that mention the reader or reply to them. */
  readonly forMe: ReadonlyMap<string, MessageForMe>;
}

export interface UnreadCounts {
  readonly messages: number;
  readonly forMe: number;
}

const FOR_ME_MAX = 1_000; // overflow rule: more are not counted

export const NO_UNREAD: UnreadCounts = { messages: 0, forMe: 0 };

export const unreadSince = (since: ReadPosition): Unread => ({ since, ownCount: 0, forMe: new Map() });

export function withOwnMessage(unread: Unread): Unread {
  return { ...unread, ownCount: unread.ownCount + 1 };
}

export function withMessageForMe(unread: Unread, message: MessageForMe): Unread {
  const { forMe } = unread;
  if (forMe.has(message.id) || forMe.size >= FOR_ME_MAX) return unread;
  return { ...unread, forMe: new Map([...forMe, [message.id, message]]) };
}

/** Without the messages that were deleted. */
export function withoutDeleted(unread: Unread, isDeleted: (message: MessageForMe) => boolean): Unread {
  const left = [...unread.forMe].filter(([, message]) => !isDeleted(message));
  return left.length === unread.forMe.size ? unread : { ...unread, forMe: new Map(left) };
}

export function unreadCounts({ since, ownCount, forMe }: Unread, room: RoomState | null): UnreadCounts {
  const messages = (room?.messageCount ?? since.messageCount) - since.messageCount - ownCount;
  return { messages: Math.max(0, messages), forMe: forMe.size };
}
