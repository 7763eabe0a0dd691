import { useTranslation } from "react-i18next";
import { ListFoot } from "@/ui/ListFoot";
import type { Log } from "./use-log";
import * as css from "./hosts.module.css";

/** What hosts and the operator did in the room. */
export function HostLog({ isOpen, open, entries, refusal, loadMore }: Log) {
  const { t } = useTranslation("hosts");
  return (
    <section className={css.section} aria-labelledby="hosts-log">
      <h3 id="hosts-log">{t("log.title")}</h3>
      {!isOpen && (
        <button type="button" className="quiet-button" onClick={open}>
          {t("log.show")}
        </button>
      )}
      {entries?.length === 0 && <p className="quiet">{t("log.none")}</p>}
      <ul className={css.people}>
        {entries?.map(({ key, time, sentence }) => (
          <li key={key}>
            <div className={css.person}>
              <bdi>{sentence}</bdi>
              <p className="quiet">{time}</p>
            </div>
          </li>
        ))}
      </ul>
      <ListFoot refusal={refusal} moreWords={t("more")} loadMore={loadMore} />
    </section>
  );
}
