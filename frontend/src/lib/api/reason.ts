/** What to tell a person of a refused call: one sentence in their language that says what to do. */
import type { TFunction } from "i18next";
import { Problem } from "./problem";

/** Codes that have a sentence of their own; the others have the server's, which knows more. */
const TOLD = [
  "banned",
  "body_too_large",
  "misdirected",
  "nickname_reserved",
  "rate_limited",
  "room_exists",
  "room_hot",
  "server_full",
  "session_expired",
  "store_unavailable",
  "too_many",
  "unauthenticated",
] as const;
type Told = (typeof TOLD)[number];

const isTold = (code: string): code is Told => (TOLD as readonly string[]).includes(code);

/** `otherwise`: what to say when nobody answered. */
export function reasonOf(t: TFunction, error: unknown, otherwise: string): string {
  if (!(error instanceof Problem) || error.isUnreachable) return otherwise;
  const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000));
  if (isTold(error.code)) return t(`refusal.${error.code}`, { seconds });
  return error.detail === "" ? t("problem.unknown") : error.detail;
}
