/** What a ban concerns among the messages that are loaded. The server may find more. Pure. */
import type { Message } from "@/lib/contract/types";
import type { RoomState } from "@/lib/feed/room-state";
import { roleIn } from "./roles";

/** The author of a message, or everybody who sent its text. */
export interface BanTarget {
  readonly message: Message;
  readonly scope: "author" | "same-text";
}

interface BanScope {
  readonly people: number;
  /** Their messages that are not deleted yet. */
  readonly messages: number;
}

export function banScope(room: RoomState | null, { message, scope }: BanTarget): BanScope {
  const loaded = (room?.messages ?? []).filter(({ deleted }) => !deleted);
  const isMeant =
    scope === "author"
      ? ({ author }: Message) => author.id === message.author.id
      : ({ author, text }: Message) => text === message.text && roleIn(room, author.id) === "guest";
  const people = new Set(loaded.filter(isMeant).map(({ author }) => author.id));
  return { people: people.size, messages: loaded.filter(({ author }) => people.has(author.id)).length };
}
