import type { TFunction } from "i18next";
import type { Message } from "@/lib/contract/types";
import { personNameInSentence } from "@/lib/people/person-name";
import { isolated } from "@/lib/text/shown-name";
import { plainLine } from "@/lib/text/plain-line";

/** The author and the text of a message, on one line without formatting. */
export const messageWords = (t: TFunction, { author, text }: Pick<Message, "author" | "text">): string =>
  `${personNameInSentence(t, author)}: ${isolated(plainLine(text))}`;
