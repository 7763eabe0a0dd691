import { useState } from "react";
import type { WhoCanPost } from "@/lib/contract/types";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useHostCall } from "./use-host-call";

export interface WhoCanPostSetting {
  readonly whoCanPost: WhoCanPost;
  /** How long newcomers wait, if the room is closed to them. */
  readonly regularAfterS: number;
  readonly refusal: string | null;
  readonly choose: (whoCanPost: WhoCanPost) => void;
  readonly chooseWait: (regularAfterS: number) => void;
}

/** Who can write in the open room. A choice shows at once; a change by another host replaces it. */
export function useWhoCanPost(): WhoCanPostSetting {
  const api = useHostApi();
  const { roomId, view } = useOpenRoom();
  const { room } = useRoomScreen(view).feed;
  const { refusal, run } = useHostCall();
  const current = room?.whoCanPost ?? "everyone";
  const [choice, setChoice] = useState<{ over: WhoCanPost; value: WhoCanPost } | null>(null);
  return {
    whoCanPost: choice !== null && choice.over === current ? choice.value : current,
    regularAfterS: room?.regularAfterS ?? 0,
    refusal,
    choose: (value) => {
      setChoice({ over: current, value });
      run(async () => {
        try {
          await api.changeRoom(roomId, { who_can_post: value });
        } catch (error) {
          setChoice(null);
          throw error;
        }
      });
    },
    chooseWait: (regularAfterS) =>
      run(async () => void (await api.changeRoom(roomId, { regular_after_s: regularAfterS }))),
  };
}
