/** The name of a person as this reader sees it. Erased people, and people whose nickname is invisible, get a name in the
 * reader's language. */
import type { TFunction } from "i18next";
import type { Author } from "@/lib/contract/types";
import { isolated, shownName } from "@/lib/text/shown-name";
import { isErased } from "./erased-people";
import { userTag } from "./user-appearance";

type Person = Pick<Author, "id" | "nickname">;

/** For an element of its own (`bdi`). */
export const personName = (t: TFunction, person: Person): string =>
  isErased(person) ? t("person.erased") : shownName(person.nickname, t("person.unnamed"));

/** For a sentence: it does not reorder the words around it. */
export const personNameInSentence = (t: TFunction, person: Person): string => isolated(personName(t, person));

/** For a sentence, always with their tag: another person may have the same name. */
export const personInSentence = (t: TFunction, person: Person): string =>
  `${personNameInSentence(t, person)} #${userTag(person.id)}`;
