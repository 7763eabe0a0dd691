import { useSyncExternalStore } from "react";
import { outranks, roleIn, type Role } from "@/lib/people/roles";
import { useOpenRoom } from "./room-context";
import { useServices, useViewer } from "./services-context";

/** Returns a function that reads the viewer's current role in the open room. */
function useReadRole(): () => Role {
  const { isOperator } = useServices();
  const { view } = useOpenRoom();
  const viewer = useViewer();
  return () => (isOperator ? "operator" : roleIn(view.getSnapshot().feed.room, viewer?.id));
}

/** The viewer's role in the open room. */
export function useRole(): Role {
  const { view } = useOpenRoom();
  return useSyncExternalStore(view.subscribe, useReadRole());
}

/** Whether the viewer may ban this person, and delete their messages. */
export function useOutranks(userId: string): boolean {
  const { view } = useOpenRoom();
  const readRole = useReadRole();
  return useSyncExternalStore(view.subscribe, () => {
    const role = readRole();
    return role !== "guest" && outranks(role, roleIn(view.getSnapshot().feed.room, userId));
  });
}
