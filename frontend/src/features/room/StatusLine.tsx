import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import { useCountdown } from "@/ui/use-countdown";
import { roomStatus } from "./room-status";
import { StatusBar } from "./StatusBar";
import { useDelayedTrue } from "./use-delayed-true";
import { useIsOnline } from "./use-is-online";

const TROUBLE_AFTER_MS = 2_000;

/** The state of the connection and the room's heat. Trouble is shown once it has lasted two seconds. */
export function StatusLine({ screen }: { screen: RoomScreen }) {
  const { feed } = useOpenRoom();
  const { connection, room } = screen.feed;
  const isOnline = useIsOnline();
  const isTroubled = useDelayedTrue(connection.status !== "live" || !isOnline, TROUBLE_AFTER_MS);
  const { status, retryAtMs } = roomStatus(screen.feed, { isOnline, isTroubled });
  const seconds = useCountdown(retryAtMs);
  return (
    <StatusBar
      connection={isOnline ? connection.status : "offline"}
      isTroubled={isTroubled}
      status={status}
      seconds={seconds}
      messagesPerS={screen.messagesPerS}
      isSlowed={screen.isSlowed}
      heat={room?.heat}
      onRetry={feed.retryNow}
    />
  );
}
