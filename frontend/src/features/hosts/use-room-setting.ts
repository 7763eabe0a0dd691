import { useState } from "react";
import type { RoomPatch } from "@/lib/contract/types";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useHostCall } from "./use-host-call";

interface RoomSetting<T> {
  readonly value: T;
  readonly refusal: string | null;
  readonly choose: (value: T) => void;
}

/** One setting of the open room. A choice shows at once; a refusal undoes it, and a change by another host replaces it. */
export function useRoomSetting<T>(current: T, changeOf: (value: T) => RoomPatch): RoomSetting<T> {
  const api = useHostApi();
  const { roomId } = useOpenRoom();
  const { refusal, run } = useHostCall();
  const [choice, setChoice] = useState<{ over: T; value: T } | null>(null);
  return {
    value: choice !== null && choice.over === current ? choice.value : current,
    refusal,
    choose: (value) => {
      setChoice({ over: current, value });
      run(async () => {
        try {
          await api.changeRoom(roomId, changeOf(value));
        } catch (error) {
          setChoice(null);
          throw error;
        }
      });
    },
  };
}
