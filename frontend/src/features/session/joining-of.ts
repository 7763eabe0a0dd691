import { Joining } from "@/lib/session/joining";
import type { SessionStore } from "@/lib/session/session-store";
import type { Services } from "@/ui/services-context";

const joinings = new WeakMap<SessionStore, Joining>();

/** The page's nickname prompt. It is created when the first form is rendered, and outlives the form. */
export function joiningOf({ session, clock, network }: Services): Joining {
  const known = joinings.get(session);
  if (known !== undefined) return known;
  const made = new Joining({ session, clock, random: Math.random, network });
  joinings.set(session, made);
  return made;
}
