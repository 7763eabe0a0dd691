/** A search for rooms by a part of their names, in the form that the server accepts. */
import { cleaned, lengthProblem, type TextProblem } from "@/lib/text/allowed-characters";

export const ROOM_SEARCH_MAX = 100; // code points; the server counts the same

export interface RoomSearch {
  /** Normalized like names (NFC). */
  readonly query: string;
  /** Why the server would refuse the query. */
  readonly problem: TextProblem | null;
}

/** The search for what was typed. */
export function roomSearch(typed: string): RoomSearch {
  const query = cleaned(typed).trim().normalize("NFC");
  return { query, problem: lengthProblem(query, ROOM_SEARCH_MAX) };
}
