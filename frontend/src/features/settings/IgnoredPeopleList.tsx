import { useTranslation } from "react-i18next";
import { personInSentence } from "@/lib/people/person-name";
import { userTag } from "@/lib/people/user-appearance";
import { UntaggedName } from "@/ui/user-text/UntaggedName";
import type { IgnoredSetting } from "./use-ignored-setting";
import * as css from "./settings.module.css";

/** The people the reader ignores; a click shows their messages again. */
export function IgnoredPeopleList({ people, stopIgnoring }: IgnoredSetting) {
  const { t } = useTranslation();
  return (
    <section className={css.ignored} aria-labelledby="ignored-people">
      <h3 id="ignored-people">{t("settings.ignored")}</h3>
      <ul>
        {people.map((person) => (
          <li key={person.id}>
            <span>
              <UntaggedName of={person} className="nickname" />
              <span className="quiet">{` #${userTag(person.id)}`}</span>
            </span>
            <button
              type="button"
              className="quiet-button"
              aria-label={t("settings.stopIgnoringOf", {
                person: personInSentence(t, person),
              })}
              onClick={() => stopIgnoring(person.id)}
            >
              {t("settings.stopIgnoring")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
