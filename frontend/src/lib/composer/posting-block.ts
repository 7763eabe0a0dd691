/** Why the reader may not write in a room, and until when. The servers decide; this only says it before a post is refused.
 * Pure. */
import type { BanState } from "@/lib/contract/types";
import type { RoomState } from "@/lib/feed/room-state";
import { roleIn } from "@/lib/people/roles";

export interface PostingBlock {
  readonly reason: "banned" | "banned-everywhere" | "name" | "newcomer" | "moderators-only";
  /** When the block ends, in ms since the epoch; null if waiting does not help. */
  readonly untilMs: number | null;
}

interface Writer {
  /** Undefined without a session. */
  readonly userId: string | undefined;
  /** The last one that the server reported. */
  readonly ban: BanState | null;
  /** The server has reported that their name looks like that of a host. */
  readonly isNameReserved: boolean;
}

export function postingBlock(room: RoomState | null, writer: Writer, nowMs: number): PostingBlock | null {
  const { userId, ban, isNameReserved } = writer;
  const untilMs = ban === null || ban.until === null ? null : Date.parse(ban.until);
  if (ban !== null && (untilMs === null || untilMs > nowMs))
    return { reason: ban.everywhere === true ? "banned-everywhere" : "banned", untilMs };
  if (isNameReserved) return { reason: "name", untilMs: null };
  if (room === null || room.whoCanPost === "everyone" || roleIn(room, userId) !== "guest") return null;
  if (room.whoCanPost === "moderators") return { reason: "moderators-only", untilMs: null };
  // Without a session: the user id is made with the first post, and the wait begins then.
  if (userId === undefined) return null;
  const regularAtMs = madeAtMs(userId) + room.regularAfterS * 1_000;
  return regularAtMs > nowMs ? { reason: "newcomer", untilMs: regularAtMs } : null;
}

/** When a user id was made: the first 48 bits of a UUIDv7. NaN for an id of another kind: then only the server decides. */
const madeAtMs = (userId: string): number => Number.parseInt(userId.replaceAll("-", "").slice(0, 12), 16);
