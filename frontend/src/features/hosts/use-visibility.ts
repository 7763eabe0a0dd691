import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Visibility } from "@/lib/contract/types";
import { LOBBY } from "@/lib/rooms/lobby";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useRoomSetting } from "./use-room-setting";

export interface VisibilitySetting {
  readonly visibility: Visibility;
  readonly mayBePrivate: boolean;
  readonly refusal: string | null;
  readonly choose: (visibility: Visibility) => void;
}

/** The setting of who can find and enter the open room. A change moves the room to another list. */
export function useVisibility(): VisibilitySetting {
  const { roomId, view } = useOpenRoom();
  const current = useRoomScreen(view).feed.room?.visibility ?? "public";
  const queryClient = useQueryClient();
  useEffect(() => void queryClient.invalidateQueries({ queryKey: ["rooms"] }), [current, queryClient]);
  const { value, refusal, choose } = useRoomSetting(current, (visibility) => ({ visibility }));
  return { visibility: value, mayBePrivate: roomId !== LOBBY, refusal, choose };
}
