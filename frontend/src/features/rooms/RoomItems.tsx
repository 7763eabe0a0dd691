import type { HTMLAttributes } from "react";
import type { ListedRoom } from "@/lib/contract/types";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { RoomListItem } from "./RoomListItem";

interface RoomItemsProps {
  rooms: readonly ListedRoom[];
  /** Event handlers that hold the order while the reader picks a room. */
  handlers: HTMLAttributes<HTMLUListElement>;
  onPicked: (() => void) | undefined;
}

export const RoomItems = ({ rooms, handlers, onPicked }: RoomItemsProps) => (
  <ul {...handlers}>
    {rooms.map((room) => (
      <li key={room.id}>
        <ErrorBoundary resetKey={room} fallback={null}>
          <RoomListItem room={room} onPicked={onPicked} />
        </ErrorBoundary>
      </li>
    ))}
  </ul>
);
