import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { Message } from "@/lib/contract/types";
import { useServices } from "@/ui/services-context";
import { useOpenRoom } from "@/ui/room-context";

/** Pins or unpins a message; a toast shows why the server refused. */
export function useSetPin(): (message: Message, isPinned: boolean) => Promise<void> {
  const { t } = useTranslation();
  const { api } = useServices();
  const { roomId, toast } = useOpenRoom();
  return async (message, isPinned) => {
    try {
      await api.pin(roomId, message.id, isPinned);
    } catch (error) {
      toast(errorMessage(t, error, t("pinned.failed")));
    }
  };
}
