import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import { OneLine } from "@/ui/user-text/OneLine";
import type { ReportDraft } from "./use-report";
import * as css from "./messages.module.css";

interface ReportFormProps extends ReportDraft {
  /** The text of the message. */
  text: string;
  onCancel: () => void;
}

export function ReportForm(props: ReportFormProps) {
  const { t } = useTranslation();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.send();
      }}
    >
      <p className={`quiet ${css.deleteText}`}>
        <OneLine of={props.text} />
      </p>
      <label className={`field ${css.reportReason}`}>
        <span>{t("message.reportReason")}</span>
        <input
          value={props.reason}
          dir="auto"
          aria-invalid={props.refusal !== null}
          aria-describedby="report-refusal"
          onChange={(event) => props.setReason(textAfterInput(event))}
        />
      </label>
      <p id="report-refusal" className="error" role="alert">
        {props.refusal}
      </p>
      <div className="dialog-buttons">
        <button type="button" className="quiet-button" onClick={props.onCancel}>
          {t("app.cancel")}
        </button>
        <button type="submit" className="primary-button" disabled={props.isSending}>
          {t("message.reportSend")}
        </button>
      </div>
    </form>
  );
}
