import type { RoomUpdated } from "@/lib/contract/types";
import { WITH_COOKIE } from "./event-source-stream";
import { ticketQuery, type StreamTicket } from "./room-stream";

/** Open one stream for a list of rooms, at most `limits.listed_rooms` of the server's configuration. It reports changes of
 * these rooms, and every new room; private rooms that the ticket does not cover are left out. The returned function closes
 * it. */
export type OpenNotify = (
  roomIds: readonly string[],
  listener: {
    updated(update: RoomUpdated): void;
    signal(type: string, body: unknown): void;
    ping(): void;
    closed(): void;
  },
  ticket?: StreamTicket,
) => () => void;

const SIGNALS = ["room.heat", "room.viewers", "room.created"];

export const eventSourceNotify =
  (streamUrl: string, EventSourceImpl: typeof EventSource): OpenNotify =>
  (roomIds, listener, ticket) => {
    const query = roomIds.map((id) => `room=${encodeURIComponent(id)}`);
    const url = `${streamUrl}/stream/v1/rooms?${query.join("&")}${ticketQuery(ticket)}`;
    const source = new EventSourceImpl(url, WITH_COOKIE);
    const read = (type: string, take: (body: unknown) => void) => {
      source.addEventListener(type, (frame: MessageEvent<string>) => {
        try {
          take(JSON.parse(frame.data));
        } catch {
          // Ignore an unreadable frame.
        }
      });
    };
    read("room.updated", (body) => listener.updated(body as RoomUpdated));
    for (const type of SIGNALS) read(type, (body) => listener.signal(type, body));
    source.addEventListener("stream.ping", () => listener.ping());
    source.addEventListener("error", () => {
      source.close();
      listener.closed();
    });
    return () => source.close();
  };
