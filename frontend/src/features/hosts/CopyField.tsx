import { useTranslation } from "react-i18next";
import type { Copied } from "./use-copied";
import * as css from "./hosts.module.css";

interface CopyFieldProps extends Copied {
  label: string;
  /** The secret to copy. */
  text: string;
  help: string;
  copyWords: string;
}

/** A secret that is shown once, and a button that copies it. */
export function CopyField({ label, text, help, copyWords, state, copy }: CopyFieldProps) {
  const { t } = useTranslation();
  const result = state === "copied" ? t("message.copied") : t("message.copyFailed");
  return (
    <>
      <label className={`field ${css.secret}`}>
        <span>{label}</span>
        <input readOnly value={text} onFocus={({ target }) => target.select()} />
      </label>
      <p className="quiet">{help}</p>
      <div className={`dialog-buttons ${css.buttons}`}>
        <span role="status" className={state === "refused" ? "error" : "quiet"}>
          {state !== "idle" && result}
        </span>
        <button type="button" className="quiet-button" onClick={copy}>
          {copyWords}
        </button>
      </div>
    </>
  );
}
