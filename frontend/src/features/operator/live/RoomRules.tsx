import type { OpsRoom } from "@/lib/contract/types";
import { RoomRulesDialog } from "./RoomRulesDialog";
import { useRoomRules } from "./use-room-rules";

interface RoomRulesProps {
  room: OpsRoom;
  onClose: () => void;
}

/** Changes the rules of a room in a dialog. */
export const RoomRules = ({ room, onClose }: RoomRulesProps) => (
  <RoomRulesDialog room={room} onClose={onClose} {...useRoomRules(room, onClose)} />
);
