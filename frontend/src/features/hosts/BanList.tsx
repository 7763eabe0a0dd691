import { useTranslation } from "react-i18next";
import { personInSentence } from "@/lib/people/person-name";
import { OneLine } from "@/ui/user-text/OneLine";
import { ListFoot } from "@/ui/ListFoot";
import { PersonWithTag } from "./PersonWithTag";
import type { Bans } from "./use-bans";
import * as css from "./hosts.module.css";

/** The bans in force. Each has its person, its end, its host, and a button that lifts it. */
export function BanList({ bans, refusal, loadMore, lift }: Bans) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  return (
    <section className={css.section} aria-labelledby="hosts-bans">
      <h3 id="hosts-bans">{t("bans.title")}</h3>
      {bans?.length === 0 && <p className="quiet">{t("bans.none")}</p>}
      <ul className={css.people}>
        {bans?.map(({ user, about, reason }) => (
          <li key={user.id}>
            <div className={css.person}>
              <PersonWithTag of={user} />
              <p className="quiet">{about}</p>
              {reason !== null && (
                <p className="quiet">
                  <OneLine of={reason} />
                </p>
              )}
            </div>
            <button
              type="button"
              className="quiet-button"
              aria-label={t("bans.liftOf", { person: personInSentence(words, user) })}
              onClick={() => lift(user)}
            >
              {t("bans.lift")}
            </button>
          </li>
        ))}
      </ul>
      <ListFoot refusal={refusal} moreWords={t("more")} loadMore={loadMore} />
    </section>
  );
}
