import { useSyncExternalStore } from "react";
import { outranks, roleIn, type Role } from "@/lib/people/roles";
import { useOpenRoom } from "./room-context";
import { useViewer } from "./services-context";

/** The viewer's role in the open room. */
export function useRole(): Role {
  const { view } = useOpenRoom();
  const viewer = useViewer();
  return useSyncExternalStore(view.subscribe, () => roleIn(view.getSnapshot().feed.room, viewer?.id));
}

/** Whether the viewer may ban this person, and delete their messages. */
export function useOutranks(userId: string): boolean {
  const { view } = useOpenRoom();
  const viewer = useViewer();
  return useSyncExternalStore(view.subscribe, () => {
    const { room } = view.getSnapshot().feed;
    const role = roleIn(room, viewer?.id);
    return role !== "guest" && outranks(role, roleIn(room, userId));
  });
}
