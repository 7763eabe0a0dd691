import { useSyncExternalStore } from "react";
import { useOpenRoom } from "@/ui/room-context";

export interface OwnReaction {
  readonly isOn: boolean;
  /** The server has not responded yet. */
  readonly isPending: boolean;
}

/** The reader's own reactions to one message, by kind; null for a kind without one. */
export function useOwnReactions(messageId: string): (kind: string) => OwnReaction | null {
  const { ownReactions } = useOpenRoom();
  const { mine, pending } = useSyncExternalStore(ownReactions.subscribe, ownReactions.getSnapshot);
  return (kind) => {
    const toggled = pending.get(`${messageId}:${kind}`);
    if (toggled !== undefined) return { isOn: toggled, isPending: true };
    return mine.get(messageId)?.has(kind) === true ? { isOn: true, isPending: false } : null;
  };
}
