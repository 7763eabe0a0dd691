import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Message } from "@/lib/contract/types";
import { changeMessages } from "@/lib/feed/room-state";
import { useOpenRoom } from "@/ui/room-context";

const CHANGES_TEXT: ReadonlySet<string> = new Set(["message.edited", "message.deleted", "messages.purged"]);

/** Applies edits, deletions and purges to quoted messages that were fetched because the room has not loaded them. */
export function useFollowQuotes(): void {
  const queryClient = useQueryClient();
  const { roomId, feed } = useOpenRoom();
  useEffect(
    () =>
      feed.onEvent((event) => {
        if (!CHANGES_TEXT.has(event.type)) return;
        for (const [key, message] of queryClient.getQueriesData<Message>({ queryKey: ["message", roomId] })) {
          const changed = message && changeMessages([message], event)[0];
          if (changed !== message) queryClient.setQueryData(key, changed);
        }
      }),
    [queryClient, roomId, feed],
  );
}
