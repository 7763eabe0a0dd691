import { useEffect, useMemo } from "react";
import type { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import { ObservedAuthors } from "@/lib/people/observed-authors";
import type { RoomScreen } from "@/lib/room-view/room-view";

/** Observes the authors of all loaded messages, so that the first row of an impersonator shows a tag although the other
 * person's rows are not drawn. */
export function useObservedAuthors(screen: RoomScreen, nicknames: DuplicateNicknames): void {
  const messages = screen.feed.room?.messages;
  const authors = useMemo(() => new ObservedAuthors(nicknames), [nicknames]);
  useEffect(() => {
    if (messages !== undefined) authors.observe(messages);
  }, [authors, messages]);
}
