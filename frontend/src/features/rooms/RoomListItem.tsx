import type { ListedRoom } from "@/lib/contract/types";
import { RoomLink } from "./RoomLink";
import { useRoomLink } from "./use-room-link";

interface RoomListItemProps {
  room: ListedRoom;
  onPicked: (() => void) | undefined;
}

/** One room of the list. Determines whether it is open and how many messages are unread; RoomLink renders it. */
export const RoomListItem = ({ room, onPicked }: RoomListItemProps) => (
  <RoomLink room={room} onPicked={onPicked} {...useRoomLink(room)} />
);
