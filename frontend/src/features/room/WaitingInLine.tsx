import { Hourglass } from "lucide-react";
import { useTranslation } from "react-i18next";
import { announcedPosition } from "./announced-position";
import * as css from "./waiting-in-line.module.css";

/** The reader's position in line for live updates from a full server. */
export default function WaitingInLine({ position, estimateS }: { position: number; estimateS: number }) {
  const { t } = useTranslation();
  return (
    <div className={css.waiting} data-testid="waiting-in-line">
      <Hourglass size={15} aria-hidden="true" />
      <p>
        <strong>{position === 1 ? t("waiting.next") : t("waiting.position", { position })}</strong>{" "}
        <span>{t("waiting.estimate", { count: Math.max(1, Math.round(estimateS / 60)) })}</span>{" "}
        <span>{t("waiting.note")}</span>
      </p>
      <span className="visually-hidden" role="status">
        {position === 1
          ? t("waiting.next")
          : t("waiting.announced", { position: announcedPosition(position) })}
      </span>
    </div>
  );
}
