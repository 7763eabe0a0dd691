/** How long a person has been known to the server: their id, a UUIDv7, begins with the time of its making. Pure. */
import type { Message } from "@/lib/contract/types";

const TIME_DIGITS = 12;

/** The time since which a person is known, ms since the epoch; null for an id without a time. */
export function knownSinceMs(userId: string): number | null {
  const digits = userId.replaceAll("-", "");
  if (!/^[0-9a-f]{12}7[0-9a-f]{19}$/i.test(digits)) return null;
  return Number.parseInt(digits.slice(0, TIME_DIGITS), 16);
}

/** Whether the author was a newcomer of a room with this `regularAfterS` when they wrote. */
export function isByNewcomer(
  { author, created_at }: Pick<Message, "author" | "created_at">,
  regularAfterS: number,
): boolean {
  const sinceMs = knownSinceMs(author.id);
  return sinceMs !== null && Date.parse(created_at) - sinceMs < regularAfterS * 1_000;
}
