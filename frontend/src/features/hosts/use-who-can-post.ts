import type { WhoCanPost } from "@/lib/contract/types";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useHostCall } from "./use-host-call";
import { useRoomSetting } from "./use-room-setting";

export interface WhoCanPostSetting {
  readonly whoCanPost: WhoCanPost;
  /** How long newcomers wait, if the room is closed to them. */
  readonly regularAfterS: number;
  readonly refusal: string | null;
  readonly choose: (whoCanPost: WhoCanPost) => void;
  readonly chooseWait: (regularAfterS: number) => void;
}

/** The setting of who can write in the open room. */
export function useWhoCanPost(): WhoCanPostSetting {
  const api = useHostApi();
  const { roomId, view } = useOpenRoom();
  const { room } = useRoomScreen(view).feed;
  const setting = useRoomSetting(room?.whoCanPost ?? "everyone", (value) => ({ who_can_post: value }));
  const wait = useHostCall();
  return {
    whoCanPost: setting.value,
    regularAfterS: room?.regularAfterS ?? 0,
    refusal: setting.refusal ?? wait.refusal,
    choose: setting.choose,
    chooseWait: (regularAfterS) =>
      wait.run(async () => void (await api.changeRoom(roomId, { regular_after_s: regularAfterS }))),
  };
}
