import { DeleteRoomSection } from "./DeleteRoomSection";
import { useDeleteRoom } from "./use-delete-room";

/** Lets the owner delete the room. */
export const DeleteRoom = () => <DeleteRoomSection {...useDeleteRoom()} />;
