import type { RoomEvent, StreamClosing, StreamGap, StreamOpened, StreamSkipped } from "@/lib/contract/types";

/** Callbacks of a room's stream. `closed` is the last call; the caller decides when to reopen. */
export interface StreamListener {
  opened(opened: StreamOpened): void;
  event(event: RoomEvent): void;
  gap(gap: StreamGap): void;
  /** A run of events that the calm lane does not send. */
  skipped(run: StreamSkipped): void;
  ping(): void;
  /** `graceful`: the server announced the end of the stream, so reconnecting is not a failed attempt. `reason` is the
   * server's, such as `access_lost`. `place`: with it, the next stream comes before everybody who waits. */
  closed(graceful: boolean, reason?: string, place?: string): void;
}

/** Opens streams of private rooms for a minute. */
export interface StreamTicket {
  readonly ticket: string;
  /** Whose ticket it is: tabs of another person do not share the streams that it opens. */
  readonly readerId: string;
}

/** How much a stream sends: every event, or of a busy room only what a person can follow. */
export type Lane = "full" | "calm";

export interface StreamOptions {
  /** A private room needs one. */
  readonly ticket?: StreamTicket | undefined;
  readonly lane?: Lane | undefined;
  /** The place in the queue of a full server. */
  readonly place?: string | undefined;
}

/** Open a room's stream after `cursor`. The returned function closes the stream; the listener is not called after that. */
export type OpenStream = (
  roomId: string,
  cursor: number,
  listener: StreamListener,
  options?: StreamOptions,
) => () => void;

/** The query parameter of a ticket in a stream's URL; empty without a ticket. */
export const ticketQuery = (ticket: StreamTicket | undefined): string =>
  ticket === undefined ? "" : `&ticket=${encodeURIComponent(ticket.ticket)}`;

/** A record, so that the compiler finds a type that is missing: its events would never reach the page. */
const EVENTS: Readonly<Record<RoomEvent["type"], true>> = {
  "message.created": true,
  "message.edited": true,
  "message.deleted": true,
  "message.pinned": true,
  "message.unpinned": true,
  "messages.purged": true,
  "reaction.changed": true,
  "room.changed": true,
  "room.heat": true,
  "room.viewers": true,
  "room.slow_mode": true,
  "room.name": true,
  "room.typing": true,
};

export const EVENT_TYPES: readonly string[] = Object.keys(EVENTS);

/** Pass one frame to the listener. Unknown types and unreadable bodies are ignored. */
export function dispatch(type: string, data: string, listener: StreamListener): void {
  let body: unknown;
  try {
    body = JSON.parse(data);
  } catch {
    return;
  }
  switch (type) {
    case "stream.opened":
      return listener.opened(body as StreamOpened);
    case "stream.gap":
      return listener.gap(body as StreamGap);
    case "stream.skipped":
      return listener.skipped(body as StreamSkipped);
    case "stream.ping":
      return listener.ping();
    case "stream.closing": {
      const { reason, place } = body as StreamClosing;
      return listener.closed(true, reason, place);
    }
    default:
      if (EVENT_TYPES.includes(type)) listener.event(body as RoomEvent);
  }
}
