import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { purgedAuthors } from "@/lib/feed/room-state";
import { isNotifying, showNotification } from "@/lib/notifications/browser-notifications";
import { MentionNotifier, type Mention } from "@/lib/notifications/mention-notifier";
import { joinNotifyingTabs } from "@/lib/notifications/notifying-tab";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom } from "@/ui/room-context";
import { useServices, useViewer } from "@/ui/services-context";
import { messageWords } from "./message-words";

/** Notifies of new messages for the reader, unless they see the room or another tab notifies. A click on the notification
 * opens the room at the message. */
export function useMentionNotifications(): void {
  const { t } = useTranslation();
  const { clock } = useServices();
  const { roomId, feed, view, news } = useOpenRoom();
  const viewerId = useViewer()?.id;
  const navigate = useNavigate();
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
    const roomName = () => nameInSentence(feed.getSnapshot().room?.name ?? "", t("room.untitled"));
    const mentionOf = (message: Message): Mention => ({
      messageId: message.id,
      seq: message.seq,
      authorId: message.author.id,
      roomName: roomName(),
      words: messageWords(t, message),
    });
    const notifyOf = (mention: Mention) => {
      if (isNotifying() && tab.mayNotify()) notifier.notify(mention);
    };
    const notify = (message: Message) => notifyOf(mentionOf(message));
    const stopNews = news.listen({
      event: (event) => {
        if (event.type === "message.created" && view.isForMe(event.message)) notify(event.message);
        else if (event.type === "message.edited") {
          if (isNotifying()) notifier.edit(mentionOf(event.message));
        } else if (event.type === "message.deleted")
          notifier.withdraw(({ messageId }) => messageId === event.message.id);
        else if (event.type === "messages.purged") {
          const authors = purgedAuthors(event);
          notifier.withdraw(({ seq, authorId }) => seq <= event.up_to_seq && authors.has(authorId));
        }
      },
      // The calm lane names whom the skipped messages reply to, not who wrote them. It does not say whom they mention.
      skipped: (run) => {
        if (viewerId === undefined || !run.replied_to.includes(viewerId)) return;
        const seq = run.from_seq + 1;
        notifyOf({
          messageId: `skipped ${seq}`,
          seq,
          authorId: "",
          roomName: roomName(),
          words: t("feed.repliedToYou"),
        });
      },
      foundForMe: notify,
    });
    const stopAccess = feed.subscribe(() => {
      // Nothing of a private room stays on the screen of somebody who has lost access to it.
      if (feed.getSnapshot().connection.status === "failed") notifier.withdraw(() => true);
    });
    return () => {
      isOpen = false;
      stopNews();
      stopAccess();
      notifier.clear();
      tab.leave();
    };
  }, [roomId, viewerId, clock, feed, view, news, navigate, t]);
}
