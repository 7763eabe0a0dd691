/** Which of the loaded people and messages a ban affects. The server may find more. Pure. */
import type { Author, Message } from "@/lib/contract/types";
import type { RoomState } from "@/lib/feed/room-state";
import { roleIn } from "./roles";

type Written = Pick<Message, "author" | "text">;

/** One person, or everybody who sent the text of a message. */
export type BanTarget =
  | { readonly scope: "author"; readonly author: Author }
  | {
      readonly scope: "same-text";
      readonly message: Written & Pick<Message, "id">;
      /** Held messages, which are not among the messages of the room. */
      readonly held?: readonly Written[];
    };

interface BanScope {
  readonly people: number;
  /** Their messages that are not deleted yet. */
  readonly messages: number;
}

export function banScope(room: RoomState | null, target: BanTarget): BanScope {
  const posted: readonly Written[] = (room?.messages ?? []).filter(({ deleted }) => !deleted);
  const loaded = target.scope === "author" ? posted : [...posted, ...(target.held ?? [])];
  const isMeant = ({ author, text }: Written) =>
    target.scope === "author"
      ? author.id === target.author.id
      : text === target.message.text && roleIn(room, author.id) === "guest";
  const people = new Set(loaded.filter(isMeant).map(({ author }) => author.id));
  return { people: people.size, messages: loaded.filter(({ author }) => people.has(author.id)).length };
}
