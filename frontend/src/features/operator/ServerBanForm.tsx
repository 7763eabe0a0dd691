import { useTranslation } from "react-i18next";
import { textField } from "./form-fields";
import type { NewServerBan } from "./use-server-bans";

const DURATIONS = [
  { seconds: 3_600, words: "bans.oneHour" },
  { seconds: 86_400, words: "bans.oneDay" },
  { seconds: 604_800, words: "bans.oneWeek" },
  { seconds: null, words: "bans.forGood" },
] as const;
const FOR_GOOD = "for-good";

interface ServerBanFormProps {
  isBanning: boolean;
  onBan: (ban: NewServerBan) => void;
}

/** The form of a server ban: the person, its length, and whether to delete their messages and to ban their address. */
export function ServerBanForm({ isBanning, onBan }: ServerBanFormProps) {
  const { t } = useTranslation("operator");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onBan(banIn(new FormData(event.currentTarget)));
      }}
    >
      <label className="field">
        <span>{t("bans.person")}</span>
        <input name="userId" required autoComplete="off" aria-describedby="operator-user-id" />
      </label>
      <p id="operator-user-id" className="quiet">
        {t("bans.personHint")}
      </p>
      <label className="field">
        <span>{t("bans.duration")}</span>
        <select name="seconds" defaultValue={86_400}>
          {DURATIONS.map(({ seconds, words }) => (
            <option key={words} value={seconds ?? FOR_GOOD}>
              {t(words)}
            </option>
          ))}
        </select>
      </label>
      <label className="option">
        <input type="checkbox" name="purge" />
        <span>{t("bans.purge")}</span>
      </label>
      <label className="option">
        <input type="checkbox" name="address" />
        <span>{t("bans.address")}</span>
      </label>
      <label className="field">
        <span>{t("bans.reason")}</span>
        <input name="reason" dir="auto" autoComplete="off" />
      </label>
      <button type="submit" className="primary-button danger-button" disabled={isBanning}>
        {t("bans.ban")}
      </button>
    </form>
  );
}

function banIn(fields: FormData): NewServerBan {
  const seconds = textField(fields, "seconds");
  return {
    userId: textField(fields, "userId"),
    seconds: seconds === FOR_GOOD ? null : Number(seconds),
    purge: fields.get("purge") !== null,
    address: fields.get("address") !== null,
    reason: textField(fields, "reason"),
  };
}
