import { useReducer, useState } from "react";
import { canNotify, isNotifying, setNotifying } from "@/lib/notifications/browser-notifications";

export interface NotificationSetting {
  /** Whether this browser can show notifications. */
  readonly isSupported: boolean;
  readonly isOn: boolean;
  /** The reader has denied this site the permission. */
  readonly isDenied: boolean;
  readonly choose: (isOn: boolean) => void;
}

/** Notifications of mentions. Turning them on asks the browser for permission. */
export function useNotificationSetting(): NotificationSetting {
  const [isOn, setIsOn] = useState(isNotifying);
  const [, render] = useReducer((renders: number) => renders + 1, 0);
  const isSupported = canNotify();
  return {
    isSupported,
    isOn,
    isDenied: isSupported && !isOn && Notification.permission === "denied",
    choose: (wanted) =>
      void setNotifying(wanted).then((isNowOn) => {
        setIsOn(isNowOn);
        render(); // a denial changes only the browser's permission
      }),
  };
}
