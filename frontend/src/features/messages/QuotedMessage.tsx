import { useQuery } from "@tanstack/react-query";
import { CornerDownRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useServices } from "@/ui/services-context";
import { OneLine, PersonName } from "@/ui/user-text/UserText";
import { useOpenRoom } from "@/ui/room-context";
import * as css from "./messages.module.css";

/** The message that a reply answers, on one line; a click scrolls to it. */
export function QuotedMessage({ messageId }: { messageId: string }) {
  const { t } = useTranslation();
  const { api } = useServices();
  const { roomId, feed, jumpTo } = useOpenRoom();
  const known = feed.getSnapshot().room?.messages.findLast((message) => message.id === messageId);
  const { data } = useQuery({
    queryKey: ["message", roomId, messageId],
    queryFn: () => api.message(roomId, messageId),
    enabled: known === undefined,
    staleTime: 60_000,
    retry: 1,
  });
  const quoted = known ?? data;
  if (quoted === undefined) {
    return (
      <span className={css.quoted} data-testid="quoted">
        <CornerDownRight size={13} aria-hidden="true" /> {t("message.gone")}
      </span>
    );
  }
  return (
    <button type="button" className={css.quoted} data-testid="quoted" onClick={() => jumpTo(quoted.seq)}>
      <CornerDownRight size={13} aria-hidden="true" />
      <PersonName of={quoted.author} className={css.quotedName} />
      {quoted.deleted ? (
        <bdi className={css.quotedText}>{t("message.deleted")}</bdi>
      ) : (
        <OneLine of={quoted.text} className={css.quotedText} />
      )}
    </button>
  );
}
