import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { isNotifying, showNotification } from "@/lib/notifications/browser-notifications";
import { MentionNotifier } from "@/lib/notifications/mention-notifier";
import { joinNotifyingTabs } from "@/lib/notifications/notifying-tab";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

/** Returns a function that notifies the reader of a message, unless they see the room or another tab notifies. A click
 * on the notification opens the room at the message. */
export function useMentionNotifications(): (message: Message, words: string) => void {
  const { t } = useTranslation();
  const { clock } = useServices();
  const { roomId, feed, view } = useOpenRoom();
  const navigate = useNavigate();
  const notify = useRef<(message: Message, words: string) => void>(() => undefined);
  useEffect(() => {
    let isOpen = true;
    const notifier = new MentionNotifier({
      roomId,
      clock,
      show: showNotification,
      summaryWords: (count) => t("feed.awayMentions", { count }),
      open: (seq) => {
        if (isOpen) void view.jumpTo(seq);
        else void navigate({ to: "/rooms/$roomId", params: { roomId }, search: { at: seq } });
      },
    });
    const tab = joinNotifyingTabs(roomId, () => notifier.clear());
    notify.current = ({ id, seq }, words) => {
      if (!isNotifying() || !tab.mayNotify()) return;
      const roomName = nameInSentence(feed.getSnapshot().room?.name ?? "", t("room.untitled"));
      notifier.notify({ messageId: id, seq, roomName, words });
    };
    return () => {
      isOpen = false;
      notify.current = () => undefined;
      notifier.clear();
      tab.leave();
    };
  }, [roomId, clock, feed, view, navigate, t]);
  return useCallback((message, words) => notify.current(message, words), []);
}
