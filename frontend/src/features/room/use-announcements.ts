import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Announcements, type Announced } from "@/lib/announcements";
import { changeMessages } from "@/lib/feed/room-state";
import { useOpenRoom } from "@/ui/room-context";
import { useServices, useViewer } from "@/ui/services-context";
import { messageWords } from "./message-words";

/** Passes new messages to the announcements, those for the reader at once, and withdraws the deleted ones. */
export function useAnnouncements(): Announced {
  const { t } = useTranslation();
  const { clock, ignored } = useServices();
  const { news, view } = useOpenRoom();
  const viewer = useViewer();
  const announcements = useMemo(
    () =>
      new Announcements({
        clock,
        isHidden: () => document.hidden,
        summaryWords: (count) => t("feed.summary", { count }),
        repliesWords: () => t("feed.leftOutReplies"),
      }),
    [clock, t],
  );
  useEffect(
    () =>
      news.listen({
        event: (event) => {
          if (event.type === "message.deleted" || event.type === "messages.purged")
            announcements.forget((message) => changeMessages([message], event)[0]?.deleted === true);
          if (event.type !== "message.created" || event.message.author.id === viewer?.id) return;
          const { message } = event;
          if (ignored.has(message.author.id)) return;
          if (view.isForMe(message)) announcements.announceForMe(messageWords(t, message), message);
          else announcements.add(() => messageWords(t, message), message);
        },
        skipped: (run) =>
          announcements.addSkipped(run.messages, viewer !== null && run.replied_to.includes(viewer.id)),
        foundForMe: (message) => announcements.announceForMe(messageWords(t, message), message),
      }),
    [news, view, viewer, ignored, t, announcements],
  );
  return useSyncExternalStore(announcements.subscribe, announcements.getSnapshot);
}
