import type { StoredPost } from "./outbox-store";

const TIME_MAX_MS = 8.64e15; // of a Date

/** A value of the store. Other versions of the app may have stored other fields; null without those that a post needs. */
export function readStoredPost(value: unknown): StoredPost | null {
  if (typeof value !== "object" || value === null) return null;
  const { clientId, userId, roomId, text, replyTo, queuedAtMs, failedCode, failedDetail, heldId } =
    value as Partial<Record<keyof StoredPost, unknown>>;
  if (typeof clientId !== "string" || typeof roomId !== "string" || typeof text !== "string") return null;
  const isTime = typeof queuedAtMs === "number" && Math.abs(queuedAtMs) <= TIME_MAX_MS;
  return {
    clientId,
    roomId,
    text,
    replyTo: typeof replyTo === "string" ? replyTo : null,
    queuedAtMs: isTime ? queuedAtMs : 0,
    failedCode: typeof failedCode === "string" ? failedCode : null,
    ...(typeof userId === "string" && { userId }),
    ...(typeof failedDetail === "string" && { failedDetail }),
    ...(typeof heldId === "string" && { heldId }),
  };
}
