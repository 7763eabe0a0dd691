/** The sentence shown for a failed call, in the reader's language. */
import type { TFunction } from "i18next";
import type { ProblemCode } from "@/lib/contract/types";
import type { HELD_REFUSED } from "@/lib/outbox/outbox";
import { Problem } from "./problem";

/** Codes with a translated sentence: of the server and of the outbox. For any other code the server's own `detail` is
 * shown: it is more specific. */
const TRANSLATED_CODES = [
  "banned",
  "body_too_large",
  "held_refused",
  "misdirected",
  "nickname_reserved",
  "posting_restricted",
  "rate_limited",
  "room_hot",
  "server_full",
  "session_expired",
  "store_unavailable",
  "too_many",
  "unauthenticated",
] as const satisfies readonly (ProblemCode | typeof HELD_REFUSED)[];
type TranslatedCode = (typeof TRANSLATED_CODES)[number];

const isTranslated = (code: string): code is TranslatedCode =>
  (TRANSLATED_CODES as readonly string[]).includes(code);

/** Sentences of one call for codes that mean something special there. */
export type OwnSentences = Readonly<Partial<Record<ProblemCode, string>>>;

/** The call's own sentence, else the translated one of the code, else the server's. `fallback` is for a server that did not
 * answer. */
export function errorMessage(t: TFunction, error: unknown, fallback: string, own: OwnSentences = {}): string {
  if (!(error instanceof Problem) || error.isUnreachable) return fallback;
  const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000));
  if (error.isEverywhere) return t("problem.bannedEverywhere");
  const ownSentence = own[error.code as ProblemCode];
  if (ownSentence !== undefined) return ownSentence;
  if (isTranslated(error.code)) return t(`refusal.${error.code}`, { seconds });
  return error.detail === "" ? t("problem.unknown") : error.detail;
}

/** The server's own sentence, which names the limit that refused the call. `fallback` is for a server that did not answer. */
export function serverSentence(error: unknown, fallback: string): string {
  if (!(error instanceof Problem) || error.isUnreachable || error.detail === "") return fallback;
  return error.detail;
}
