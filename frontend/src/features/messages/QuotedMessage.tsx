import { useSyncExternalStore } from "react";
import { lazyComponent } from "@/ui/lazy-component";
import { useOpenRoom } from "@/ui/room-context";
import { Quote } from "./Quote";

const FetchedQuote = lazyComponent(() => import("./FetchedQuote"));

/** The message that a reply quotes: from the room if it is loaded, otherwise fetched. It follows edits and deletions of that
 * message, although the row of the reply is not drawn again. */
export function QuotedMessage({ messageId }: { messageId: string }) {
  const { view } = useOpenRoom();
  const loaded = useSyncExternalStore(view.subscribe, () =>
    view.getSnapshot().feed.room?.messages.findLast((message) => message.id === messageId),
  );
  if (loaded !== undefined) return <Quote message={loaded} />;
  return <FetchedQuote messageId={messageId} whileLoading={<Quote message={undefined} />} />;
}
