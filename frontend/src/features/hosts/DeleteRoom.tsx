import { DeleteRoomSection } from "./DeleteRoomSection";
import { useDeleteRoom } from "./use-delete-room";

/** Deletes the room, for its owner. */
export const DeleteRoom = () => <DeleteRoomSection {...useDeleteRoom()} />;
