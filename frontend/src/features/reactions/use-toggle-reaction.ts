import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { Problem } from "@/lib/api/problem";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

/** Adds or removes the reader's reaction once there is a session. A refusal undoes it, and a toast shows the reason. */
export function useToggleReaction(messageId: string): (kind: string) => void {
  const { t } = useTranslation();
  const { ownReactions, toast } = useOpenRoom();
  const { session } = useServices();
  return (kind) => {
    session
      .withSession(() => ownReactions.toggle(messageId, kind))
      .catch((error: unknown) => {
        toast(errorMessage(t, error, t("message.reactFailed")));
        if (error instanceof Problem && error.status === 401) void session.load();
      });
  };
}
