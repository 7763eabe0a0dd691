import type { RoomEvent, StreamGap, StreamOpened } from "@/lib/contract/types";

/** What a room's stream tells. After `closed` nothing more comes; whoever opened it decides what next. */
export interface StreamListener {
  opened(opened: StreamOpened): void;
  event(event: RoomEvent): void;
  gap(gap: StreamGap): void;
  ping(): void;
  /** `polite`: the server ended the stream in good order and can be asked again at once. */
  closed(polite: boolean): void;
}

/** Open a room's stream after `cursor`; the answer closes it, after which the listener hears nothing. */
export type OpenStream = (roomId: string, cursor: number, listener: StreamListener) => () => void;

export const EVENT_TYPES = [
  "message.created",
  "message.edited",
  "message.deleted",
  "message.pinned",
  "message.unpinned",
  "reaction.changed",
  "room.heat",
  "room.viewers",
  "room.slow_mode",
  "room.typing",
] as const satisfies readonly RoomEvent["type"][];

/** Tell the listener what one frame says; types we do not know and bodies we cannot read are passed by. */
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
      if ((EVENT_TYPES as readonly string[]).includes(type)) listener.event(body as RoomEvent);
  }
}
