/** Streams whose URL is not known yet: opened once it is, reported as closed if it cannot be fetched. */
import type { OpenNotify } from "./notify-stream";
import type { OpenStream } from "./room-stream";

export const deferredStream =
  (streams: () => Promise<OpenStream>): OpenStream =>
  (roomId, cursor, listener) =>
    whenReady(
      streams,
      (open) => open(roomId, cursor, listener),
      () => listener.closed(false),
    );

export const deferredNotify =
  (streams: () => Promise<OpenNotify>): OpenNotify =>
  (roomIds, listener) =>
    whenReady(
      streams,
      (open) => open(roomIds, listener),
      () => listener.closed(),
    );

function whenReady<Open>(ready: () => Promise<Open>, start: (open: Open) => () => void, failed: () => void) {
  let isWanted = true;
  let close = () => {
    isWanted = false;
  };
  ready().then(
    (open) => {
      if (isWanted) close = start(open);
    },
    () => {
      if (isWanted) failed();
    },
  );
  return () => close();
}
