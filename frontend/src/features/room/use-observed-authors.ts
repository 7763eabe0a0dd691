import { useEffect } from "react";
import type { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import type { RoomScreen } from "@/lib/room-view/room-view";

/** Observes the authors of all loaded messages, so that the first row of an impersonator shows a tag although the other
 * person's rows are not drawn. */
export function useObservedAuthors(screen: RoomScreen, nicknames: DuplicateNicknames): void {
  const messages = screen.feed.room?.messages;
  useEffect(() => {
    if (messages !== undefined) nicknames.observeAuthors(messages);
  }, [nicknames, messages]);
}
