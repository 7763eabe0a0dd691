/** Who runs a room: the operator of the server, the owner, moderators, and everybody else. Pure. */
import type { Author } from "@/lib/contract/types";
import type { RoomState } from "@/lib/feed/room-state";

/** A person's role in one room. */
export type RoomRole = "owner" | "moderator" | "guest";

/** A reader acts as the operator in the operator's moderator view only. */
export type Role = RoomRole | "operator";

const RANKS: Record<Role, number> = { operator: 3, owner: 2, moderator: 1, guest: 0 };

type Hosts = Pick<RoomState, "ownerId" | "moderators">;

/** The role of a person in a room now; a message keeps the role that its author had. */
export function roleIn(room: Hosts | null, userId: Author["id"] | undefined): RoomRole {
  if (room === null || userId === undefined) return "guest";
  if (userId === room.ownerId) return "owner";
  return room.moderators.some(({ id }) => id === userId) ? "moderator" : "guest";
}

/** Nobody may ban a person of the same or a higher role, or delete their messages. */
export const outranks = (role: Role, other: RoomRole): boolean => RANKS[role] > RANKS[other];
