import { useTranslation } from "react-i18next";
import { LogEntries } from "@/ui/LogEntries";
import type { OperatorLogView } from "./use-operator-log";
import * as css from "./operator.module.css";

/** The log of what the operator did in all rooms and on the server. */
export function OperatorLogList(log: OperatorLogView) {
  const { t } = useTranslation("operator");
  return (
    <section className={css.section} aria-labelledby="operator-log">
      <h2 id="operator-log">{t("log.title")}</h2>
      <LogEntries
        {...log}
        noneWords={t("log.none")}
        moreWords={t("more")}
        listClassName={css.list}
        entryClassName={css.item}
      />
    </section>
  );
}
