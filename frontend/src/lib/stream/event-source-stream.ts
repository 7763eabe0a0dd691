import { dispatch, EVENT_TYPES, type OpenStream } from "./room-stream";

const FRAME_TYPES = [...EVENT_TYPES, "stream.opened", "stream.gap", "stream.ping", "stream.closing"];

/** Streams by the browser's EventSource. Its own reconnecting is not used: it gives up for good on any status but
 * 200, and it cannot know that the pages are too old. So the first error closes it. */
export const eventSourceStream =
  (streamUrl: string, EventSourceImpl: typeof EventSource): OpenStream =>
  (roomId, cursor, listener) => {
    const url = `${streamUrl}/stream/v1/rooms/${encodeURIComponent(roomId)}?last_event_id=${cursor}`;
    const source = new EventSourceImpl(url);
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
