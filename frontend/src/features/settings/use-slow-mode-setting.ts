import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { SlowMode } from "@/lib/contract/types";
import { DEFAULT_TARGET_PER_S } from "@/lib/rooms/slow-mode-target";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";

export interface ChosenSlowMode {
  readonly mode: SlowMode["mode"];
  /** The wait in mode `fixed`. */
  readonly seconds: number;
  /** The target of mode `auto`, in posts a second. */
  readonly target: number;
}

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
    const { mode, seconds, target } = slowMode;
    setRefusal(null);
    try {
      await api.changeRoom(roomId, {
        slow_mode:
          mode === "fixed"
            ? { mode, seconds }
            : mode === "auto"
              ? { mode, target_posts_per_s: target }
              : { mode },
      });
      setChosen({ over: current, slowMode });
    } catch (error) {
      setRefusal(errorMessage(t, error, t("settings.slowModeFailed")));
    }
  };
  return {
    slowMode: chosen !== null && chosen.over === current ? chosen.slowMode : shownOf(current),
    isTargetUnreachable: room?.isTargetUnreachable === true,
    refusal,
    choose: (slowMode) => void choose(slowMode),
  };
}

const shownOf = (slowMode: SlowMode | undefined): ChosenSlowMode => ({
  mode: slowMode?.mode ?? "off",
  seconds: slowMode?.seconds ?? 0,
  target: slowMode?.target_posts_per_s ?? DEFAULT_TARGET_PER_S,
});
