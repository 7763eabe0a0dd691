import type { TFunction } from "i18next";

/** The name of a kind of reaction in the reader's language; its own name if the app does not know it. */
export const kindName = (t: TFunction, kind: string): string =>
  kind === "heart" || kind === "laugh" || kind === "sad" ? t(`message.${kind}`) : kind;
