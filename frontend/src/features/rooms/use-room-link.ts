import { useLocation } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import type { ListedRoom } from "@/lib/contract/types";
import { unread } from "@/lib/rooms/unread";
import { useServices } from "@/ui/services-context";

/** Whether a room is open, and how many of its messages are unread. */
export function useRoomLink(room: ListedRoom): { isOpen: boolean; unreadCount: number } {
  const { readCounts } = useServices();
  const read = useSyncExternalStore(readCounts.subscribe, readCounts.getSnapshot);
  const path = useLocation({ select: (location) => location.pathname });
  const isOpen = path === `/rooms/${room.id}` || (path === "/" && room.id === "lobby");
  return { isOpen, unreadCount: isOpen ? 0 : unread(read, room.id, room.message_count) };
}
