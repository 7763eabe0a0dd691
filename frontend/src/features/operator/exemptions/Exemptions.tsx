import { useTranslation } from "react-i18next";
import { OneLine } from "@/ui/user-text/OneLine";
import { Confirmation } from "../Confirmation";
import { ExemptionForm } from "./ExemptionForm";
import type { ExemptionsView } from "./use-exemptions";
import * as css from "../operator.module.css";

/** The exempt addresses, and a form that exempts another one. */
export function Exemptions(view: ExemptionsView) {
  const { t } = useTranslation("operator");
  const { exemptions, refusal, done, isCalling, exempt, toEnd, askToEnd, end } = view;
  return (
    <section className={css.section} aria-labelledby="operator-exemptions">
      <h2 id="operator-exemptions">{t("exemptions.title")}</h2>
      <p className="quiet">{t("exemptions.about")}</p>
      <ExemptionForm isCalling={isCalling} onExempt={exempt} />
      <p className="error" role="alert">
        {refusal}
      </p>
      <p role="status">{done}</p>
      {exemptions?.length === 0 && <p className="quiet">{t("exemptions.none")}</p>}
      <ul className={css.list}>
        {exemptions?.map(({ address, reason, ends }) => (
          <li key={address}>
            <div className={css.item}>
              <bdi>{address}</bdi>
              <p className="quiet">{ends}</p>
              {reason !== null && (
                <p className="quiet">
                  <OneLine of={reason} />
                </p>
              )}
            </div>
            <button
              type="button"
              className="quiet-button"
              aria-label={t("exemptions.endOf", { address })}
              disabled={isCalling}
              onClick={() => askToEnd(address)}
            >
              {t("exemptions.end")}
            </button>
          </li>
        ))}
      </ul>
      {toEnd !== null && (
        <Confirmation
          question={t("exemptions.endConfirm", { address: toEnd })}
          about={t("exemptions.endAbout")}
          confirmWords={t("exemptions.endOf", { address: toEnd })}
          onCancel={() => askToEnd(null)}
          onConfirm={() => end(toEnd)}
        />
      )}
    </section>
  );
}
