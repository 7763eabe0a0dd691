import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Message } from "@/lib/contract/types";
import { changeMessages } from "@/lib/feed/room-state";
import { useOpenRoom } from "@/ui/room-context";

const CHANGES_TEXT: ReadonlySet<string> = new Set(["message.edited", "message.deleted", "messages.purged"]);

/** Applies edits, deletions and purges to quoted messages that were fetched because the room has not loaded them. */
export function useFollowQuotes(): void {
  const queryClient = useQueryClient();
  const { roomId, news } = useOpenRoom();
  useEffect(
    () =>
      news.listen({
        event: (event) => {
          if (!CHANGES_TEXT.has(event.type)) return;
          const quoted = queryClient.getQueriesData<Message>({ queryKey: ["message", roomId] });
          for (const [key, message] of quoted) {
            const changed = message && changeMessages([message], event)[0];
            if (changed !== message) queryClient.setQueryData(key, changed);
          }
        },
      }),
    [queryClient, roomId, news],
  );
}
