import type { RoomEvent, StreamGap, StreamOpened } from "@/lib/contract/types";

/** Callbacks of a room's stream. `closed` is the last call; the caller decides when to reopen. */
export interface StreamListener {
  opened(opened: StreamOpened): void;
  event(event: RoomEvent): void;
  gap(gap: StreamGap): void;
  ping(): void;
  /** `graceful`: the server announced the end of the stream, so reconnecting is not a failed attempt. */
  closed(graceful: boolean): void;
}

/** Open a room's stream after `cursor`. The returned function closes it; the listener is not called after that. */
export type OpenStream = (roomId: string, cursor: number, listener: StreamListener) => () => void;

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
    case "stream.ping":
      return listener.ping();
    case "stream.closing":
      return listener.closed(true);
    default:
      if (EVENT_TYPES.includes(type)) listener.event(body as RoomEvent);
  }
}
