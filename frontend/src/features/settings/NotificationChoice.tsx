import { useTranslation } from "react-i18next";
import type { NotificationSetting } from "./use-notification-setting";

/** Whether the browser shows notifications of mentions while the tab is hidden. */
export function NotificationChoice({
  isOn,
  isDenied,
  choose,
}: Pick<NotificationSetting, "isOn" | "isDenied" | "choose">) {
  const { t } = useTranslation();
  return (
    <label className="option">
      <input type="checkbox" checked={isOn} onChange={(event) => choose(event.target.checked)} />
      <span>
        <span>{t("settings.notifications")}</span>
        {isDenied && <span className="quiet"> {t("settings.notificationsOff")}</span>}
      </span>
    </label>
  );
}
