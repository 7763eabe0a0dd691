import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { followTitle } from "@/lib/room-view/tab-title";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom } from "@/ui/room-context";

/** The title shows the room, and how many messages arrived while the tab was hidden. */
export function useTabTitle(): void {
  const { t } = useTranslation();
  const { feed, view, news } = useOpenRoom();
  useEffect(
    () =>
      followTitle({
        page: document,
        feed,
        shownCount: () => view.getSnapshot().feed.room?.messageCount,
        firstCount: () => news.firstCount,
        nameOf: (name) => nameInSentence(name, t("room.untitled")),
      }),
    [feed, view, news, t],
  );
}
