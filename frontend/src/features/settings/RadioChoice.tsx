import { useTranslation } from "react-i18next";
import type { ParseKeys } from "i18next";

interface RadioChoiceProps<Value extends string> {
  /** The name of the radio group, unique in the page. */
  readonly name: string;
  readonly legend: ParseKeys;
  /** Each value, with the keys of its label and of the sentence below it. */
  readonly choices: readonly (readonly [value: Value, label: ParseKeys, help: ParseKeys])[];
  readonly chosen: Value;
  readonly choose: (value: Value) => void;
}

/** A setting with a few values, each explained in a sentence. */
export function RadioChoice<Value extends string>({
  name,
  legend,
  choices,
  chosen,
  choose,
}: RadioChoiceProps<Value>) {
  const { t } = useTranslation();
  return (
    <fieldset>
      <legend>{t(legend)}</legend>
      {choices.map(([value, label, help]) => (
        <label key={value} className="option">
          <input type="radio" name={name} checked={chosen === value} onChange={() => choose(value)} />
          <span>
            <span>{t(label)}</span>
            <span className="quiet option-help">{t(help)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
