import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { SlowMode } from "@/lib/contract/types";
import { chosenOf, patchOf, type ChosenSlowMode } from "@/lib/rooms/slow-mode-choice";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";

export interface SlowModeSetting {
  readonly slowMode: ChosenSlowMode;
  /** Even the longest wait does not reach the target. */
  readonly isTargetUnreachable: boolean;
  /** Why the last choice was not saved. */
  readonly refusal: string | null;
  readonly choose: (slowMode: ChosenSlowMode) => void;
}

/** The slow mode of the open room. A change by another host replaces the choice shown here. */
export function useSlowModeSetting(): SlowModeSetting {
  const { t } = useTranslation();
  const api = useHostApi();
  const { roomId, view } = useOpenRoom();
  const { room } = useRoomScreen(view).feed;
  const current = room?.slowMode;
  const [chosen, setChosen] = useState<{ over: SlowMode | undefined; slowMode: ChosenSlowMode } | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const choose = async (slowMode: ChosenSlowMode) => {
    setRefusal(null);
    try {
      await api.changeRoom(roomId, { slow_mode: patchOf(slowMode) });
      setChosen({ over: current, slowMode });
    } catch (error) {
      setRefusal(errorMessage(t, error, t("settings.slowModeFailed")));
    }
  };
  return {
    slowMode: chosen !== null && chosen.over === current ? chosen.slowMode : chosenOf(current),
    isTargetUnreachable: room?.isTargetUnreachable === true,
    refusal,
    choose: (slowMode) => void choose(slowMode),
  };
}
