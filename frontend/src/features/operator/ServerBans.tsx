import { useTranslation } from "react-i18next";
import { personInSentence } from "@/lib/people/person-name";
import { userTag } from "@/lib/people/user-appearance";
import { MoreButton } from "@/ui/MoreButton";
import { OneLine } from "@/ui/user-text/OneLine";
import { UntaggedName } from "@/ui/user-text/UntaggedName";
import { ServerBanForm } from "./ServerBanForm";
import type { ServerBansView } from "./use-server-bans";
import * as css from "./operator.module.css";

/** The server bans, and a form that bans a person. */
export function ServerBans({ bans, refusal, done, isCalling, ban, lift, loadMore }: ServerBansView) {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  return (
    <section className={css.section} aria-labelledby="operator-bans">
      <h2 id="operator-bans">{t("bans.title")}</h2>
      <ServerBanForm isBanning={isCalling} onBan={ban} />
      <p role="status">{done}</p>
      <p className="error" role="alert">
        {refusal}
      </p>
      {bans?.length === 0 && <p className="quiet">{t("bans.none")}</p>}
      <ul className={css.list}>
        {bans?.map(({ user, ends, reason, isOfAddress, isPurging }) => (
          <li key={user.id}>
            <div className={css.item}>
              <UntaggedName of={user} className="nickname" />
              <span className="quiet">{` #${userTag(user.id)}`}</span>
              <p className="quiet">{ends}</p>
              {reason !== null && (
                <p className="quiet">
                  <OneLine of={reason} />
                </p>
              )}
              {isOfAddress && <p className="quiet">{t("bans.ofAddress")}</p>}
              {isPurging && <p className="quiet">{t("bans.purging")}</p>}
            </div>
            <button
              type="button"
              className="quiet-button"
              aria-label={t("bans.liftOf", { person: personInSentence(words, user) })}
              disabled={isCalling}
              onClick={() => lift(user)}
            >
              {t("bans.lift")}
            </button>
          </li>
        ))}
      </ul>
      <MoreButton words={t("more")} loadMore={loadMore} />
    </section>
  );
}
