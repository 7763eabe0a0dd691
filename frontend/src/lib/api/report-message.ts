import { answer } from "./answer";
import type { ChatApi } from "./chat-api";

/** Report a message to the hosts of its room. The same person's second report of it changes nothing. */
export const reportMessage = (
  { client }: Pick<ChatApi, "client">,
  place: { readonly room_id: string; readonly message_id: string },
  reason: string,
): Promise<unknown> =>
  answer(
    client.POST("/api/v1/rooms/{room_id}/messages/{message_id}/reports", {
      params: { path: place },
      body: { reason },
    }),
  );
