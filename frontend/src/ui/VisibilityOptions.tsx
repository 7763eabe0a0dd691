import { useTranslation } from "react-i18next";
import type { Visibility } from "@/lib/contract/types";

const OPTIONS = ["public", "unlisted", "private"] as const;

interface VisibilityOptionsProps {
  value: Visibility;
  onChange: (visibility: Visibility) => void;
  /** The lobby cannot be private. */
  mayBePrivate?: boolean;
}

/** Radio buttons of a fieldset: who finds and enters a room, with a sentence for each choice. */
export function VisibilityOptions({ value, onChange, mayBePrivate = true }: VisibilityOptionsProps) {
  const { t } = useTranslation();
  return OPTIONS.filter((option) => mayBePrivate || option !== "private").map((option) => (
    <label key={option} className="option">
      <input
        type="radio"
        name="visibility"
        checked={value === option}
        aria-describedby={`visibility-${option}`}
        aria-label={t(`visibility.${option}`)}
        onChange={() => onChange(option)}
      />
      <span>
        <span>{t(`visibility.${option}`)}</span>
        <span id={`visibility-${option}`} className="quiet option-help">
          {t(`visibility.${option}Help`)}
        </span>
      </span>
    </label>
  ));
}
