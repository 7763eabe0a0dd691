/** The ids of the reader's newest messages in a room, kept over reloads: a reply to one of them is for the reader, also
 * while the message itself is not loaded. An event names the message that it replies to, but not that message's author. */
import { StoredMap } from "@/lib/stored-map";

const ROOMS_MAX = 20;
export const OWN_STORED_MAX = 50; // overflow rule OLDEST

const stored = new StoredMap("hotchat.own-messages", ROOMS_MAX);

export interface OwnMessages {
  /** The stored ids of this person's messages, the oldest first. */
  ids(userId: string): readonly string[];
  add(userId: string, messageId: string): void;
}

export const storedOwnMessages = (roomId: string): OwnMessages => {
  const ids = (userId: string): readonly string[] => {
    const [owner, ...messageIds] = (stored.get(roomId) ?? "").split(" ");
    return owner === userId ? messageIds : [];
  };
  return {
    ids,
    add: (userId, messageId) => {
      const known = ids(userId);
      if (!known.includes(messageId))
        stored.set(roomId, [userId, ...[...known, messageId].slice(-OWN_STORED_MAX)].join(" "));
    },
  };
};
