import { useOpenRoom } from "./room-context";
import { useViewer } from "./services-context";

/** Whether the viewer owns the open room. */
export function useIsOwner(): boolean {
  const { feed } = useOpenRoom();
  const viewer = useViewer();
  return viewer !== null && viewer.id === feed.getSnapshot().room?.ownerId;
}
