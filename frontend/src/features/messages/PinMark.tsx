import { Pin } from "lucide-react";
import { useTranslation } from "react-i18next";
import * as css from "./messages.module.css";

/** Marks a pinned message. */
export function PinMark() {
  const { t } = useTranslation();
  return (
    <span className={css.pinPlace}>
      <Pin className={css.pinMark} data-testid="pin-mark" size={16} aria-hidden="true" />
      <span className="visually-hidden">{t("pinned.mark")}</span>
    </span>
  );
}
