import { useEffect, useState } from "react";
import { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import type { RoomScreen } from "@/lib/room-view/room-view";

/** The nicknames in the open room that more than one person uses. Authors of all loaded messages count, so that the first
 * row of an impersonator shows a tag although the other person's rows are not drawn. */
export function useObservedAuthors(screen: RoomScreen): DuplicateNicknames {
  const [nicknames] = useState(() => new DuplicateNicknames());
  const messages = screen.feed.room?.messages;
  useEffect(() => {
    if (messages !== undefined) nicknames.observeAuthors(messages);
  }, [nicknames, messages]);
  return nicknames;
}
