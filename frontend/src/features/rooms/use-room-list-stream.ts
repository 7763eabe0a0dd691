import { useEffect, useState } from "react";
import { backoffMs } from "@/lib/feed/backoff";
import type { OpenNotify } from "@/lib/stream/notify-stream";
import { useServices } from "@/ui/services-context";

const REOPEN_MS = 1_000; // a refused stream reports only that it is closed
const FOLLOW_AFTER_MS = 2_000;
const FOLLOW_JITTER_MS = 6_000;

type Listener = Parameters<OpenNotify>[1];

interface RoomListStreamListener extends Omit<Listener, "closed"> {
  /** The stream is being opened again: changes may have been missed. */
  readonly reopened: () => void;
}

/** Keeps one stream open for these rooms. `listener` must not change between renders. */
export function useRoomListStream(roomIds: readonly string[], listener: RoomListStreamListener): void {
  const { openNotify } = useServices();
  const followed = useSettled([...roomIds].sort().join(" "));
  useEffect(() => {
    if (followed === "") return;
    let attempt = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let close = () => {};
    const open = () => {
      close = openNotify(followed.split(" "), {
        updated: (update) => {
          attempt = 0;
          listener.updated(update);
        },
        signal: listener.signal,
        closed: () => {
          timer = setTimeout(reopen, REOPEN_MS + backoffMs(attempt, Math.random));
          attempt += 1;
        },
      });
    };
    const reopen = () => {
      listener.reopened();
      open();
    };
    open();
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [followed, openNotify, listener]);
}

/** The first value at once, later ones after some seconds: a new room must not make every open page reconnect at the same
 * time, nor once for each of several rooms. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState("");
  const isFirst = settled === "";
  useEffect(() => {
    const waitMs = isFirst ? 0 : FOLLOW_AFTER_MS + Math.random() * FOLLOW_JITTER_MS;
    const timer = setTimeout(() => setSettled(value), waitMs);
    return () => clearTimeout(timer);
  }, [value, isFirst]);
  return settled;
}
