import type { Connection, FeedState } from "@/lib/feed/room-feed";
import type { RoomScreen } from "@/lib/room-view/room-view";

export type ConnectionStatus = Connection["status"] | "offline";

export type RoomStatus = ConnectionStatus | "loading-older" | "older-throttled";

/** What the status line shows: trouble with the connection before the loading of older messages. `retryAtMs` is
 * when the page tries again. Pure. */
export function roomStatus(
  { connection, older }: Pick<FeedState, "connection" | "older">,
  { isOnline, isTroubled }: { isOnline: boolean; isTroubled: boolean },
): { status: RoomStatus; retryAtMs: number | null } {
  if (isTroubled) {
    const retryAtMs = "retryAtMs" in connection ? connection.retryAtMs : null;
    return { status: isOnline ? connection.status : "offline", retryAtMs };
  }
  if (older.status === "throttled") return { status: "older-throttled", retryAtMs: older.retryAtMs };
  return { status: older.status === "loading" ? "loading-older" : "live", retryAtMs: null };
}

/** Whether there is nothing to show because the first page of the room cannot be fetched. Pure. */
export const isUnreachable = ({ feed, rows }: Pick<RoomScreen, "feed" | "rows">): boolean =>
  feed.room === null && rows.length === 0 && feed.connection.status === "reconnecting";
