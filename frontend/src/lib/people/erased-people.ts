/** People who had themselves erased: the servers show them under a new random id and with one nickname. Pure. */
import type { Author } from "@/lib/contract/types";

/** A reserved name: nobody can choose it. */
const ERASED_NICKNAME = "deleted";

const VERSION_AT = 14; // the digit of a UUID that is its version: 7 for people, 4 for erased ones

export const erasedAuthor = (id: string): Author => ({ id, nickname: ERASED_NICKNAME });

export const isErased = ({ id, nickname }: Pick<Author, "id" | "nickname">): boolean =>
  nickname === ERASED_NICKNAME && id.charAt(VERSION_AT) !== "7";
