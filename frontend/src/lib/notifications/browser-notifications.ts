/** The browser's notifications, and whether the reader has enabled them. */
import { readStored, writeStored } from "@/lib/safe-storage";

const KEY = "hotchat.notify";
const BODY_MAX = 200;

export const canNotify = (): boolean => "Notification" in window && window.isSecureContext;

export const isNotifying = (): boolean =>
  canNotify() && Notification.permission === "granted" && readStored(KEY) === "on";

/** Ask the browser for permission and store the choice; false when the browser refuses. */
export async function setNotifying(isOn: boolean): Promise<boolean> {
  if (isOn && (await Notification.requestPermission()) !== "granted") return false;
  writeStored(KEY, isOn ? "on" : "off");
  return isOn;
}

export interface BrowserNotification {
  readonly title: string;
  readonly body: string;
  /** A notification replaces an earlier one of the same tag without a sound. */
  readonly tag: string;
  readonly onClick: () => void;
  /** It left the screen: the reader dismissed or clicked it, or it was closed. */
  readonly onClose: () => void;
}

/** The returned function closes the notification. */
export function showNotification({ title, body, tag, onClick, onClose }: BrowserNotification): () => void {
  try {
    const shown = new Notification(title, { body: body.slice(0, BODY_MAX), tag });
    shown.onclick = () => {
      window.focus();
      shown.close();
      onClick();
    };
    shown.onclose = onClose;
    return () => shown.close();
  } catch {
    return () => undefined; // on phones only a service worker may notify; the count in the tab title still shows
  }
}
