import { useTranslation } from "react-i18next";
import * as css from "./messages.module.css";

/** The number of messages without a row after this one; a click shows them. */
export function LeftOutButton({ count, onClick }: { count: number; onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      className={`${css.leftOut} tabular`}
      data-testid="left-out"
      aria-label={t("feed.leftOut", { count })}
      title={t("feed.leftOut", { count })}
      onClick={onClick}
    >
      {`+${count}`}
    </button>
  );
}
