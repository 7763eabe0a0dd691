/** Keeps one stream open for a list of rooms, and reports when changes of the list may have been missed. */
import type { Clock } from "@/lib/clock";
import { backoffMs } from "@/lib/feed/backoff";
import type { NetworkReturn } from "@/lib/network-return";
import type { OpenNotify } from "@/lib/stream/notify-stream";

export const REOPEN_MS = 1_000; // a refused stream reports nothing but that it is closed
export const SILENT_MS = 20_000; // the server pings every 15 s
export const POLL_EVERY_MS = 30_000; // while a proxy holds the stream back
export const POLLS_MAX = 4; // then the stream is tried again
/** A frame this long after the first one was not held back together with it. */
export const PROOF_AFTER_MS = 1_000;

type StreamListener = Parameters<OpenNotify>[1];

export interface RoomListListener extends Omit<StreamListener, "closed" | "ping"> {
  /** Changes may have been missed: the stream was closed, or a proxy holds it back. */
  readonly missed: () => void;
}

export interface FollowRoomsOptions {
  readonly openNotify: OpenNotify;
  readonly listener: RoomListListener;
  readonly clock: Clock;
  readonly network: Pick<NetworkReturn, "wait">;
  readonly random: () => number;
}

/** Follow the rooms until the returned function is called. */
export function followRooms(
  roomIds: readonly string[],
  { openNotify, listener, clock, network, random }: FollowRoomsOptions,
): () => void {
  const stopped = new AbortController();
  const after = (ms: number, call: () => void) =>
    void network.wait(ms, stopped.signal).then(call, () => undefined);
  let failures = 0; // streams in a row that did not work
  let closeStream = () => {};

  const open = () => {
    let hasWorked = false;
    let firstAtMs = Infinity;
    let cancelSilence = () => {};
    let closeSource = () => {};
    closeStream = () => {
      cancelSilence();
      closeSource();
    };
    const restartSilenceTimer = () => {
      cancelSilence();
      cancelSilence = clock.after(SILENT_MS, () => {
        closeStream();
        if (hasWorked) reopen();
        else poll(Math.min(POLLS_MAX, 2 ** failures));
        failures += 1;
      });
    };
    const received = (isProof: boolean) => {
      firstAtMs = Math.min(firstAtMs, clock.now());
      hasWorked ||= isProof || clock.now() - firstAtMs >= PROOF_AFTER_MS;
      if (hasWorked) failures = 0;
      restartSilenceTimer();
    };
    restartSilenceTimer();
    closeSource = openNotify(roomIds, {
      updated: (update) => {
        received(false);
        listener.updated(update);
      },
      signal: (type, body) => {
        received(false);
        listener.signal(type, body);
      },
      ping: () => received(true),
      closed: () => {
        cancelSilence();
        reopen();
        failures += 1;
      },
    });
  };

  const reopen = () =>
    after(REOPEN_MS + backoffMs(failures, random), () => {
      listener.missed();
      open();
    });

  const poll = (times: number) => {
    listener.missed();
    after(POLL_EVERY_MS, () => {
      if (times > 1) poll(times - 1);
      else open();
    });
  };

  open();
  return () => {
    stopped.abort();
    closeStream();
  };
}
