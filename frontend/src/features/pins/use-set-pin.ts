import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { Message } from "@/lib/contract/types";
import { useServices, useViewer } from "@/ui/services-context";
import { useOpenRoom } from "@/ui/room-context";

/** Whether the viewer made this room. */
export function useIsOwner(): boolean {
  const { feed } = useOpenRoom();
  const viewer = useViewer();
  return viewer !== null && viewer.id === feed.getSnapshot().room?.ownerId;
}

/** Pins or unpins a message; a toast shows a refusal. */
export function useSetPin(): (message: Message, on: boolean) => Promise<void> {
  const { t } = useTranslation();
  const { api } = useServices();
  const { roomId, toast } = useOpenRoom();
  return async (message, on) => {
    try {
      await api.pin(roomId, message.id, on);
    } catch (error) {
      toast(errorMessage(t, error, t("pinned.failed")));
    }
  };
}
