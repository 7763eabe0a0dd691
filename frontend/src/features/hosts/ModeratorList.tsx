import { useTranslation } from "react-i18next";
import type { Author } from "@/lib/contract/types";
import { personInSentence } from "@/lib/people/person-name";
import { PersonWithTag } from "./PersonWithTag";
import type { Moderators } from "./use-moderators";
import * as css from "./hosts.module.css";

/** The moderators; the owner removes them here, or makes one of them the owner. */
export function ModeratorList(props: Moderators) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const personOf = (user: Author) => personInSentence(words, user);
  const { moderators, mayChange, nextOwner } = props;
  return (
    <section className={css.section} aria-labelledby="hosts-moderators">
      <h3 id="hosts-moderators">{t("moderators.title")}</h3>
      {moderators.length === 0 && <p className="quiet">{t("moderators.none")}</p>}
      <ul className={css.people}>
        {moderators.map((user) => (
          <li key={user.id}>
            <div className={css.person}>
              <PersonWithTag of={user} />
            </div>
            {mayChange && (
              <>
                <button
                  type="button"
                  className="quiet-button"
                  aria-label={t("moderators.handOverTo", { person: personOf(user) })}
                  onClick={() => props.setNextOwner(user)}
                >
                  {t("moderators.handOver")}
                </button>
                <button
                  type="button"
                  className="quiet-button"
                  aria-label={t("moderators.removeOf", { person: personOf(user) })}
                  onClick={() => props.remove(user)}
                >
                  {t("moderators.remove")}
                </button>
              </>
            )}
          </li>
        ))}
      </ul>
      {mayChange && <p className="quiet">{t("moderators.howToAdd")}</p>}
      {nextOwner !== null && (
        <div className={css.confirmation} role="group" aria-label={t("moderators.handOver")}>
          <p>{t("moderators.handOverConfirm", { person: personOf(nextOwner) })}</p>
          <div className="dialog-buttons">
            <button type="button" className="quiet-button" onClick={() => props.setNextOwner(null)}>
              {words("app.cancel")}
            </button>
            <button
              type="button"
              className="primary-button danger-button"
              onClick={() => props.handOver(nextOwner)}
            >
              {t("moderators.handOver")}
            </button>
          </div>
        </div>
      )}
      <p className="error" role="alert">
        {props.refusal}
      </p>
    </section>
  );
}
