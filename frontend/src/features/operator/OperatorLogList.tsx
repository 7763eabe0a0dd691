import { useTranslation } from "react-i18next";
import { ListFoot } from "@/ui/ListFoot";
import type { OperatorLogView } from "./use-operator-log";
import * as css from "./operator.module.css";

/** What the operator did in all rooms and on the server. */
export function OperatorLogList({ entries, refusal, loadMore }: OperatorLogView) {
  const { t } = useTranslation("operator");
  return (
    <section className={css.section} aria-labelledby="operator-log">
      <h2 id="operator-log">{t("log.title")}</h2>
      {entries?.length === 0 && <p className="quiet">{t("log.none")}</p>}
      <ul className={css.list}>
        {entries?.map(({ key, time, what }) => (
          <li key={key}>
            <div className={css.item}>
              <bdi>{what}</bdi>
              <p className="quiet">{time}</p>
            </div>
          </li>
        ))}
      </ul>
      <ListFoot refusal={refusal} moreWords={t("more")} loadMore={loadMore} />
    </section>
  );
}
