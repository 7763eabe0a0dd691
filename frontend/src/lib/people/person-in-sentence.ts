import type { Author } from "@/lib/contract/types";
import { nameInSentence } from "@/lib/text/shown-name";
import { userTag } from "./user-appearance";

/** A person within a sentence, always with their tag: another person may have the same name. */
export const personInSentence = ({ id, nickname }: Author, placeholder: string): string =>
  `${nameInSentence(nickname, placeholder)} #${userTag(id)}`;
