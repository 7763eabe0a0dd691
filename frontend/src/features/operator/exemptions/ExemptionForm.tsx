import { useTranslation } from "react-i18next";
import type { ExemptionTerms } from "@/lib/contract/types";
import { textField } from "../form-fields";

const HOURS = [1, 4, 12, 24, 72];
const USUAL_HOURS = 4; // an evening's show

interface ExemptionFormProps {
  isCalling: boolean;
  onExempt: (terms: ExemptionTerms) => void;
}

/** The form that exempts the address of a venue for some hours. */
export function ExemptionForm({ isCalling, onExempt }: ExemptionFormProps) {
  const { t } = useTranslation("operator");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const fields = new FormData(event.currentTarget);
        const reason = textField(fields, "reason");
        onExempt({
          address: textField(fields, "address"),
          hours: Number(textField(fields, "hours")),
          ...(reason !== "" && { reason }),
        });
      }}
    >
      <label className="field">
        <span>{t("exemptions.address")}</span>
        <input name="address" required autoComplete="off" placeholder="203.0.113.7" />
      </label>
      <label className="field">
        <span>{t("exemptions.hours")}</span>
        <select name="hours" defaultValue={USUAL_HOURS}>
          {HOURS.map((hours) => (
            <option key={hours} value={hours}>
              {t("exemptions.hoursOf", { count: hours })}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>{t("exemptions.reason")}</span>
        <input name="reason" dir="auto" autoComplete="off" />
      </label>
      <button type="submit" className="primary-button" disabled={isCalling}>
        {t("exemptions.exempt")}
      </button>
    </form>
  );
}
