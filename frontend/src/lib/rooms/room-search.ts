/** What the server takes as a search for rooms: a part of a name. */
import { cleaned, lengthProblem, type TextProblem } from "@/lib/text/allowed-characters";

export const ROOM_SEARCH_MAX = 100; // code points; the server counts the same

export interface RoomSearch {
  /** Composed as names are (NFC). */
  readonly query: string;
  /** Why the server would refuse the query. */
  readonly problem: TextProblem | null;
}

/** The search for what was typed. */
export function roomSearch(typed: string): RoomSearch {
  const query = cleaned(typed).trim().normalize("NFC");
  return { query, problem: lengthProblem(query, ROOM_SEARCH_MAX) };
}
