import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Announcements, type Announced } from "@/lib/announcements";
import type { Message, RoomEvent } from "@/lib/contract/types";
import { isolated, nameInSentence } from "@/lib/text/shown-name";
import { plainLine } from "@/lib/text/plain-line";
import { useOpenRoom } from "@/ui/room-context";
import { useServices, useViewer } from "@/ui/services-context";
import { useMentionNotifications } from "./use-mention-notifications";

/** Passes new messages to the announcements, and those for the reader to the notifications as well. */
export function useAnnouncements(): Announced {
  const { t } = useTranslation();
  const { clock } = useServices();
  const { feed, view } = useOpenRoom();
  const viewer = useViewer();
  const notifyOf = useMentionNotifications();
  const announcements = useMemo(
    () =>
      new Announcements({
        clock,
        isHidden: () => document.hidden,
        summaryWords: (count) => t("feed.summary", { count }),
      }),
    [clock, t],
  );
  useEffect(() => {
    const wordsOf = ({ author, text }: Message) =>
      `${nameInSentence(author.nickname, t("person.unnamed"))}: ${isolated(plainLine(text))}`;
    return feed.onEvent((event: RoomEvent) => {
      if (event.type !== "message.created" || event.message.author.id === viewer?.id) return;
      const { message } = event;
      if (!view.isForMe(message)) {
        announcements.add(() => wordsOf(message));
        return;
      }
      announcements.announceForMe(wordsOf(message));
      notifyOf(message, wordsOf(message));
    });
  }, [feed, view, viewer, t, announcements, notifyOf]);
  return useSyncExternalStore(announcements.subscribe, announcements.getSnapshot);
}
