/** Keeps one stream open for a list of rooms, and reports when changes of the list may have been missed. */
import type { Clock } from "@/lib/clock";
import { backoffMs } from "@/lib/feed/backoff";
import type { OpenNotify } from "@/lib/stream/notify-stream";

export const REOPEN_MS = 1_000; // a refused stream reports nothing but that it is closed
export const FIRST_FRAME_MS = 20_000; // a stream sends the state of every room as soon as it opens
export const HELD_BACK_EVERY_MS = 30_000;

type StreamListener = Parameters<OpenNotify>[1];

export interface RoomListListener extends Omit<StreamListener, "closed"> {
  /** Changes may have been missed: the stream was closed, or a proxy holds it back. */
  readonly missed: () => void;
}

export interface FollowRoomsOptions {
  readonly openNotify: OpenNotify;
  readonly listener: RoomListListener;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Follow the rooms until the returned function is called. */
export function followRooms(
  roomIds: readonly string[],
  { openNotify, listener, clock, random }: FollowRoomsOptions,
): () => void {
  let attempt = 0;
  let close = () => {};
  let cancelReopening = () => {};
  let cancelSilence = () => {};
  const restartSilenceTimer = (ms: number) => {
    cancelSilence = clock.after(ms, () => {
      listener.missed();
      restartSilenceTimer(HELD_BACK_EVERY_MS);
    });
  };
  const received = () => {
    attempt = 0;
    cancelSilence();
  };
  const open = () => {
    restartSilenceTimer(FIRST_FRAME_MS);
    close = openNotify(roomIds, {
      updated: (update) => {
        received();
        listener.updated(update);
      },
      signal: (type, body) => {
        received();
        listener.signal(type, body);
      },
      closed: () => {
        cancelSilence();
        cancelReopening = clock.after(REOPEN_MS + backoffMs(attempt, random), () => {
          listener.missed();
          open();
        });
        attempt += 1;
      },
    });
  };
  open();
  return () => {
    cancelReopening();
    cancelSilence();
    close();
  };
}
