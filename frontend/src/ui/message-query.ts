import type { ChatApi } from "@/lib/api/chat-api";

/** One message of a room that is not loaded, for example because another one replies to it. */
export const messageQuery = (api: Pick<ChatApi, "message">, roomId: string, messageId: string) => ({
  queryKey: ["message", roomId, messageId],
  queryFn: () => api.message(roomId, messageId),
  staleTime: 60_000,
  retry: 1,
});
