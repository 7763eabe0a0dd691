/** Browser notifications of mentions, only when asked for and only while the page is not looked at. */

import { remember, remembered } from "./safe-storage";

const KEY = "hotchat.notify";

export const canNotify = (): boolean => "Notification" in window && window.isSecureContext;

export const isNotifying = (): boolean =>
  canNotify() && Notification.permission === "granted" && remembered(KEY) === "on";

/** Ask the browser, and remember; false when it does not allow it. */
export async function setNotifying(isOn: boolean): Promise<boolean> {
  if (isOn && (await Notification.requestPermission()) !== "granted") return false;
  remember(KEY, isOn ? "on" : "off");
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
    // Browsers of phones only let service workers notify; the count in the title is there all the same.
  }
}
