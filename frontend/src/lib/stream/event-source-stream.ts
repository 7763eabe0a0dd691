import { dispatch, EVENT_TYPES, ticketQuery, type OpenStream } from "./room-stream";

/** Send the session cookie to a publish_server on another origin, too: established users have a reserved share. */
export const WITH_COOKIE: EventSourceInit = { withCredentials: true };

const FRAME_TYPES = [
  ...EVENT_TYPES,
  "stream.opened",
  "stream.gap",
  "stream.skipped",
  "stream.ping",
  "stream.closing",
];

/** Streams over the browser's EventSource, without its reconnection, which gives up on any status but 200 and does not
 * notice that a cursor is too old to resume. The first error closes the stream; lib/feed/room-feed.ts decides when to open
 * the next one. */
export const eventSourceStream =
  (streamUrl: string, EventSourceImpl: typeof EventSource): OpenStream =>
  (roomId, cursor, listener, { ticket, lane, place } = {}) => {
    const url = `${streamUrl}/stream/v1/rooms/${encodeURIComponent(roomId)}?last_event_id=${cursor}`;
    const pace = lane === "calm" ? "&pace=calm" : "";
    const inLine = place === undefined ? "" : `&place=${place}`;
    const source = new EventSourceImpl(url + pace + inLine + ticketQuery(ticket), WITH_COOKIE);
    let isOpen = true;
    const close = () => {
      isOpen = false;
      source.close();
    };
    for (const type of FRAME_TYPES) {
      source.addEventListener(type, (frame: MessageEvent<string>) => {
        if (!isOpen) return;
        if (type === "stream.closing") close();
        dispatch(type, frame.data, listener);
      });
    }
    source.addEventListener("error", () => {
      if (!isOpen) return;
      close();
      listener.closed(false);
    });
    return close;
  };
