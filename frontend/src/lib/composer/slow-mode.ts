/** How slow mode makes a writer wait, and why. The servers decide; this only says it before a post is refused. Pure. */
import type { RoomState } from "@/lib/feed/room-state";
import { roleIn } from "@/lib/people/roles";
import { knownSinceMs } from "@/lib/people/user-age";

export const REGULAR_WAIT_MAX_S = 10; // while slow mode is automatic

export interface SlowModeRule {
  /** Hosts have fixed the wait, or the server has set it because many people write. */
  readonly reason: "fixed" | "auto" | "auto-regular";
  /** Seconds between two messages of this writer. */
  readonly seconds: number;
}

/** Null for hosts, and where nobody waits. `userId` is undefined without a session; `nowMs` is the server's time of day. */
export function slowModeOf(
  room: RoomState | null,
  userId: string | undefined,
  nowMs: number,
): SlowModeRule | null {
  if (room === null || room.slowModeS === 0 || roleIn(room, userId) !== "guest") return null;
  const { slowMode, slowModeS, slowModeUntilMs } = room;
  if (slowMode.mode !== "auto") return { reason: "fixed", seconds: slowModeS };
  if (slowModeUntilMs !== null && slowModeUntilMs <= nowMs) return null;
  return isRegular(userId, room.regularAfterS, nowMs)
    ? { reason: "auto-regular", seconds: Math.min(REGULAR_WAIT_MAX_S, slowModeS) }
    : { reason: "auto", seconds: slowModeS };
}

/** An id without a time counts as regular. Only the server knows its age, and refuses the post if this is wrong. */
function isRegular(userId: string | undefined, regularAfterS: number, nowMs: number): boolean {
  if (userId === undefined) return false;
  const sinceMs = knownSinceMs(userId);
  return sinceMs === null || nowMs - sinceMs >= regularAfterS * 1_000;
}
