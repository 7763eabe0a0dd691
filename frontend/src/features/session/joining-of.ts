import { Joining } from "@/lib/session/joining";
import type { SessionStore } from "@/lib/session/session-store";
import type { Services } from "@/ui/services-context";

const joinings = new WeakMap<SessionStore, Joining>();

/** The question for a nickname of this page. It is made when the first form is drawn, and outlives the form. */
export function joiningOf({ session, clock, network }: Services): Joining {
  const known = joinings.get(session);
  if (known !== undefined) return known;
  const made = new Joining({ session, clock, random: Math.random, network });
  joinings.set(session, made);
  return made;
}
