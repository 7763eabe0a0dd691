/** Browser notifications of mentions: only when the reader has enabled them, and only while the tab is hidden. */
import { readStored, writeStored } from "./safe-storage";

const KEY = "hotchat.notify";

export const canNotify = (): boolean => "Notification" in window && window.isSecureContext;

export const isNotifying = (): boolean =>
  canNotify() && Notification.permission === "granted" && readStored(KEY) === "on";

/** Ask the browser for permission and store the choice; false when the browser refuses. */
export async function setNotifying(isOn: boolean): Promise<boolean> {
  if (isOn && (await Notification.requestPermission()) !== "granted") return false;
  writeStored(KEY, isOn ? "on" : "off");
  return isOn;
}

export function notify(title: string, body: string, tag: string): void {
  if (!isNotifying() || !document.hidden) return;
  try {
    const shown = new Notification(title, { body: body.slice(0, 200), tag });
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
  } catch {
    // On phones only a service worker may notify; the count in the tab title still shows.
  }
}
