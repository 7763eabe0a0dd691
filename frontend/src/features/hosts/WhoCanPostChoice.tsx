import { useTranslation } from "react-i18next";
import type { WhoCanPostSetting } from "./use-who-can-post";
import * as css from "./hosts.module.css";

const CHOICES = ["everyone", "regulars", "moderators"] as const;
const WAITS = [
  { seconds: 600, words: "ban.tenMinutes" },
  { seconds: 3_600, words: "ban.oneHour" },
  { seconds: 86_400, words: "ban.oneDay" },
  { seconds: 604_800, words: "rules.oneWeek" },
] as const;

/** The choice of who can write in the room. One click closes the room to newcomers, another opens it. */
export function WhoCanPostChoice(props: WhoCanPostSetting) {
  const { t } = useTranslation("hosts");
  const isOtherWait = WAITS.every(({ seconds }) => seconds !== props.regularAfterS);
  return (
    <fieldset className={css.section}>
      <legend>{t("rules.whoCanPost")}</legend>
      {CHOICES.map((choice) => (
        <label key={choice} className="option">
          <input
            type="radio"
            name="who-can-post"
            checked={props.whoCanPost === choice}
            onChange={() => props.choose(choice)}
          />
          <span>{t(`rules.${choice}`)}</span>
        </label>
      ))}
      {props.whoCanPost === "regulars" && (
        <label className="field">
          <span>{t("rules.newcomersWait")}</span>
          <select
            value={props.regularAfterS}
            onChange={({ target }) => props.chooseWait(Number(target.value))}
          >
            {WAITS.map((wait) => (
              <option key={wait.seconds} value={wait.seconds}>
                {t(wait.words)}
              </option>
            ))}
            {isOtherWait && (
              <option value={props.regularAfterS}>
                {t("rules.seconds", { count: props.regularAfterS })}
              </option>
            )}
          </select>
        </label>
      )}
      <p className="error" role="alert">
        {props.refusal}
      </p>
    </fieldset>
  );
}
