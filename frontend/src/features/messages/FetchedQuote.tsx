import { useQuery } from "@tanstack/react-query";
import { messageQuery } from "@/ui/message-query";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";
import { Quote } from "./Quote";

/** A quoted message that the room has not loaded. */
export default function FetchedQuote({ messageId }: { messageId: string }) {
  const { api } = useServices();
  const { roomId } = useOpenRoom();
  const { data } = useQuery(messageQuery(api, roomId, messageId));
  return <Quote message={data} />;
}
