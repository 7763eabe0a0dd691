import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { Author } from "@/lib/contract/types";
import { personInSentence } from "@/lib/people/person-name";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";

/** Appoints or removes a moderator; a toast shows the result, or why the server refused. */
export function useSetModerator(): (user: Author, isModerator: boolean) => Promise<void> {
  const { t } = useTranslation();
  const api = useHostApi();
  const { roomId, toast } = useOpenRoom();
  return async (user, isModerator) => {
    const person = personInSentence(t, user);
    try {
      await api.setModerator(roomId, user.id, isModerator);
      toast(t(isModerator ? "message.madeModerator" : "message.removedModerator", { person }));
    } catch (error) {
      toast(errorMessage(t, error, t("pinned.failed")));
    }
  };
}
