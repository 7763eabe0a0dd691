import { useTranslation } from "react-i18next";
import type { ExemptionTerms } from "@/lib/contract/types";
import { EXEMPTION_HOURS, OFFERED_HOURS, USUAL_HOURS } from "@/lib/operator/exemption-hours";
import { textField } from "../form-fields";

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
        <span>{t("exemptions.hours", { max: EXEMPTION_HOURS.max })}</span>
        <input
          name="hours"
          type="number"
          required
          min={EXEMPTION_HOURS.min}
          max={EXEMPTION_HOURS.max}
          step={1}
          defaultValue={USUAL_HOURS}
          list="exemption-hours"
        />
        <datalist id="exemption-hours">
          {OFFERED_HOURS.map((hours) => (
            <option key={hours} value={hours} />
          ))}
        </datalist>
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
