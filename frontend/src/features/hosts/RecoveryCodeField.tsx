import { useTranslation } from "react-i18next";
import type { Copied } from "./use-copied";
import * as css from "./hosts.module.css";

interface RecoveryCodeFieldProps extends Copied {
  code: string;
}

export function RecoveryCodeField({ code, state, copy }: RecoveryCodeFieldProps) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const result = state === "copied" ? words("message.copied") : words("message.copyFailed");
  return (
    <>
      <label className="field">
        <span>{t("recovery.code")}</span>
        <input readOnly value={code} onFocus={({ target }) => target.select()} />
      </label>
      <p className="quiet">{t("recovery.keep")}</p>
      <div className={`dialog-buttons ${css.buttons}`}>
        <span role="status" className={state === "refused" ? "error" : "quiet"}>
          {state !== "idle" && result}
        </span>
        <button type="button" className="quiet-button" onClick={copy}>
          {t("recovery.copy")}
        </button>
      </div>
    </>
  );
}
