import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";

export interface SlowModeSetting {
  /** Seconds between two messages of one person; 0 when slow mode is off. */
  readonly slowModeS: number;
  /** Why the last choice was not saved. */
  readonly refusal: string | null;
  readonly choose: (slowModeS: number) => void;
}

/** The slow mode of the open room. */
export function useSlowModeSetting(): SlowModeSetting {
  const { t } = useTranslation();
  const api = useHostApi();
  const { roomId, feed } = useOpenRoom();
  const [chosenS, setChosenS] = useState<number | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const choose = async (slowModeS: number) => {
    setRefusal(null);
    try {
      await api.changeRoom(roomId, { slow_mode_s: slowModeS });
      setChosenS(slowModeS);
    } catch (error) {
      setRefusal(errorMessage(t, error, t("settings.slowModeFailed")));
    }
  };
  return {
    slowModeS: chosenS ?? feed.getSnapshot().room?.slowModeS ?? 0,
    refusal,
    choose: (slowModeS) => void choose(slowModeS),
  };
}
