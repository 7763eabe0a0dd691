import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useHostCall } from "./use-host-call";

export interface RoomDeletion {
  readonly roomName: string;
  readonly isAsking: boolean;
  readonly setIsAsking: (isAsking: boolean) => void;
  readonly isDeleting: boolean;
  readonly refusal: string | null;
  readonly deleteRoom: () => void;
}

/** Deletes the open room for good, once that is confirmed, and opens the lobby. */
export function useDeleteRoom(): RoomDeletion {
  const { t } = useTranslation();
  const api = useHostApi();
  const navigate = useNavigate();
  const { roomId, view } = useOpenRoom();
  const { room } = useRoomScreen(view).feed;
  const { refusal, isCalling, run } = useHostCall();
  const [isAsking, setIsAsking] = useState(false);
  return {
    roomName: nameInSentence(room?.name ?? roomId, t("room.untitled")),
    isAsking,
    setIsAsking,
    isDeleting: isCalling,
    refusal,
    deleteRoom: () =>
      run(async () => {
        await api.deleteRoom(roomId);
        await navigate({ to: "/" });
      }),
  };
}
