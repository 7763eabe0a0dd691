import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useCallForm, type CallFormView } from "@/ui/use-call-form";
import { useHostApi } from "@/ui/use-host-api";

export interface RecoveryView {
  readonly roomName: string;
  readonly isRecovered: boolean;
  /** Also null if somebody else has become the owner in the meantime. */
  readonly nextCode: string | null;
  readonly form: CallFormView;
}

/** Makes the reader the owner of the open room. */
export function useRecovery(code: string): RecoveryView {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const { roomId, view } = useOpenRoom();
  const { room } = useRoomScreen(view).feed;
  const { result, form } = useCallForm({ fields: {}, call: () => api.recover(roomId, code) }, (problem) =>
    problem.code === "forbidden" ? t("recovery.wrong") : errorMessage(words, problem, t("callFailed")),
  );
  return {
    roomName: nameInSentence(room?.name ?? roomId, words("room.untitled")),
    isRecovered: result !== null,
    nextCode: result?.recovery_code ?? null,
    form,
  };
}
