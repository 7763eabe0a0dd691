import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { messageQuery } from "@/ui/message-query";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";
import { QuoteLine } from "./QuoteLine";

/** The message that a reply quotes: from the room if it is loaded, otherwise fetched. A click scrolls to it. It follows
 * edits and deletions of that message, although the row of the reply is not drawn again. One of an ignored person is not
 * shown. */
export function QuotedMessage({ messageId }: { messageId: string }) {
  const { api, ignored } = useServices();
  const { roomId, view, jumpTo } = useOpenRoom();
  const loaded = useSyncExternalStore(view.subscribe, () =>
    view.getSnapshot().feed.room?.messages.findLast((message) => message.id === messageId),
  );
  const { data } = useQuery({
    ...messageQuery(api, roomId, messageId),
    enabled: loaded === undefined,
  });
  const ignoredPeople = useSyncExternalStore(ignored.subscribe, ignored.getSnapshot);
  const message = loaded ?? data;
  const isHidden = message !== undefined && ignoredPeople.has(message.author.id);
  return <QuoteLine message={isHidden ? undefined : message} jumpTo={jumpTo} />;
}
