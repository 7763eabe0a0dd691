/** Who runs a room: the owner, moderators, and everybody else. Operators act with a token, not in the page. Pure. */
import type { Author } from "@/lib/contract/types";
import type { RoomState } from "@/lib/feed/room-state";

export type Role = "owner" | "moderator" | "guest";

const RANKS: Record<Role, number> = { owner: 2, moderator: 1, guest: 0 };

type Hosts = Pick<RoomState, "ownerId" | "moderators">;

/** The role of a person in a room now; a message keeps the role that its author had. */
export function roleIn(room: Hosts | null, userId: Author["id"] | undefined): Role {
  if (room === null || userId === undefined) return "guest";
  if (userId === room.ownerId) return "owner";
  return room.moderators.some(({ id }) => id === userId) ? "moderator" : "guest";
}

/** Nobody bans, or deletes messages of, a person of the same or a higher role. */
export const outranks = (role: Role, other: Role): boolean => RANKS[role] > RANKS[other];
