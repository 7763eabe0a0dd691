import { useQueryClient } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { ControlRoomFeed, type ControlRoomState } from "@/lib/operator/control-room-feed";
import { eventSourceSnapshots } from "@/lib/operator/snapshot-stream";
import { useServices } from "@/ui/services-context";

/** The stream of the control room, open while the component is mounted and the page is visible. */
export function useControlRoom(): ControlRoomState {
  const { clock, network } = useServices();
  const queryClient = useQueryClient();
  const [feed] = useState(
    () =>
      new ControlRoomFeed({
        open: eventSourceSnapshots(EventSource),
        clock,
        network,
        random: Math.random,
        page: document,
        onLost: () => void queryClient.invalidateQueries({ queryKey: ["operator", "session"] }),
      }),
  );
  return useSyncExternalStore(feed.subscribe, feed.getSnapshot);
}
