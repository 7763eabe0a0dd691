import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { joinWaitMessage } from "@/lib/i18n/join-wait-message";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";
import { RoomRecovery, type RoomRecoveryState } from "@/lib/rooms/room-recovery";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";
import { useCountdown } from "@/ui/use-countdown";
import { useHostApi } from "@/ui/use-host-api";

export interface RecoveryView extends Pick<RoomRecoveryState, "nickname" | "needsNickname" | "nextCode"> {
  readonly roomName: string;
  readonly setNickname: (nickname: string) => void;
  readonly isRecovering: boolean;
  readonly isRecovered: boolean;
  /** What to change in the nickname. */
  readonly nicknameRefusal: string | null;
  /** Why the reader is not the owner, or when the attempt goes on. */
  readonly refusal: string | null;
  readonly recover: () => void;
}

/** Makes the reader the owner of the open room. */
export function useRecovery(code: string): RecoveryView {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const { session, clock, network } = useServices();
  const { roomId, view } = useOpenRoom();
  const { room } = useRoomScreen(view).feed;
  const [recovery] = useState(
    () => new RoomRecovery({ api, session, clock, random: Math.random, network, roomId, code }),
  );
  useEffect(() => recovery.stop, [recovery]);
  const { status, nicknameProblem, problem, retryAtMs, ...fields } = useSyncExternalStore(
    recovery.subscribe,
    recovery.getSnapshot,
  );
  const seconds = useCountdown(retryAtMs);
  const refusal = () => {
    if (status === "waiting") return joinWaitMessage(words, problem, seconds);
    if (problem === null) return null;
    return problem.code === "forbidden" ? t("recovery.wrong") : errorMessage(words, problem, t("callFailed"));
  };
  return {
    ...fields,
    roomName: nameInSentence(room?.name ?? roomId, words("room.untitled")),
    setNickname: recovery.setNickname,
    isRecovering: status === "recovering",
    isRecovered: status === "recovered",
    nicknameRefusal: nicknameProblem && textProblemMessage(words, nicknameProblem),
    refusal: refusal(),
    recover: () => void recovery.recover(),
  };
}
