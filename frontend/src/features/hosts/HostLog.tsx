import { useTranslation } from "react-i18next";
import { LogEntries } from "@/ui/LogEntries";
import type { Log } from "./use-log";
import * as css from "./hosts.module.css";

/** The log of what hosts and the operator did in the room. */
export function HostLog({ isOpen, open, ...log }: Log) {
  const { t } = useTranslation("hosts");
  return (
    <section className={css.section} aria-labelledby="hosts-log">
      <h3 id="hosts-log">{t("log.title")}</h3>
      {!isOpen && (
        <button type="button" className="quiet-button" onClick={open}>
          {t("log.show")}
        </button>
      )}
      <LogEntries
        {...log}
        noneWords={t("log.none")}
        moreWords={t("more")}
        listClassName={css.people}
        entryClassName={css.person}
      />
    </section>
  );
}
