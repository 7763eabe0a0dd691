/** Which of several tabs that show one room notifies, and whether the reader already sees the room in one of them. */
import { readStored, removeStored, writeStored } from "@/lib/safe-storage";

const SEEN_KEY = "hotchat.seen";
const RENEW_MS = 10_000;
const VALID_MS = 25_000; // a closed browser leaves its last entry behind

/** Whether this tab is in front of the reader. A window may be visible behind the one that has the focus. */
export const isInFront = (): boolean => !document.hidden && document.hasFocus();

export interface NotifyingTab {
  /** Whether this tab notifies: one of the tabs that show the room, and only while the reader does not see the room. */
  readonly mayNotify: () => boolean;
  readonly leave: () => void;
}

/** Join the tabs that show a room. `onSeen` is called when this tab comes to the front. */
export function joinNotifyingTabs(roomId: string, onSeen: () => void): NotifyingTab {
  const tabId = Math.random().toString(36).slice(2);
  const report = () => {
    const seen = readSeen();
    if (isInFront()) {
      writeStored(SEEN_KEY, JSON.stringify([roomId, tabId, Date.now() + VALID_MS]));
      if (seen?.tabId !== tabId) onSeen();
    } else if (seen?.tabId === tabId) removeStored(SEEN_KEY);
  };
  report();
  const timer = setInterval(report, RENEW_MS);
  const events = [
    [window, "focus"],
    [window, "blur"],
    [document, "visibilitychange"],
  ] as const;
  for (const [target, type] of events) target.addEventListener(type, report);
  const lock = holdLock(`hotchat.notify.${roomId}`);
  return {
    mayNotify: () => {
      if (!lock.isHeld() || isInFront()) return false;
      const seen = readSeen();
      return seen === null || seen.roomId !== roomId || seen.tabId === tabId || !isValid(seen);
    },
    leave: () => {
      lock.release();
      clearInterval(timer);
      for (const [target, type] of events) target.removeEventListener(type, report);
      if (readSeen()?.tabId === tabId) removeStored(SEEN_KEY);
    },
  };
}

interface Seen {
  readonly roomId: string;
  readonly tabId: string;
  readonly untilMs: number;
}

/** An entry that is valid for longer was written before the device's clock was set back. */
function isValid({ untilMs }: Seen): boolean {
  const leftMs = untilMs - Date.now();
  return leftMs >= 0 && leftMs <= VALID_MS;
}

/** The room in front of the reader; only one window of a browser has the focus. */
function readSeen(): Seen | null {
  try {
    const stored: unknown = JSON.parse(readStored(SEEN_KEY) ?? "null");
    if (!Array.isArray(stored)) return null;
    const [roomId, tabId, untilMs] = stored as unknown[];
    if (typeof roomId !== "string" || typeof tabId !== "string" || typeof untilMs !== "number") return null;
    return { roomId, tabId, untilMs };
  } catch {
    return null;
  }
}

/** Hold a lock as soon as no other tab does. Where the browser has no locks, or forbids them, every tab holds it; so does a
 * tab until the browser has answered, as a notification that two tabs show replaces itself. */
function holdLock(name: string): { isHeld: () => boolean; release: () => void } {
  const locks = (navigator as { locks?: LockManager }).locks;
  const wanted = new AbortController();
  let endLock = () => {};
  let isHeld = true;
  const hold = () => {
    isHeld = true;
    return new Promise<void>((end) => (endLock = end));
  };
  locks
    ?.request(name, { ifAvailable: true }, (lock) => {
      if (wanted.signal.aborted) return;
      if (lock !== null) return hold();
      isHeld = false;
      return locks.request(name, { signal: wanted.signal }, hold);
    })
    .catch(() => {
      isHeld = !wanted.signal.aborted;
    });
  return {
    isHeld: () => isHeld,
    release: () => {
      wanted.abort();
      endLock();
    },
  };
}
