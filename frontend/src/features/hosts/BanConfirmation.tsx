import { AlertDialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import { OneLine } from "@/ui/user-text/OneLine";
import type { BanChoice } from "./use-ban";
import * as css from "./hosts.module.css";

const DURATIONS = [
  { seconds: 600, words: "ban.tenMinutes" },
  { seconds: 3_600, words: "ban.oneHour" },
  { seconds: 86_400, words: "ban.oneDay" },
  { seconds: null, words: "ban.forGood" },
] as const;
const FOR_GOOD = "for-good";

interface BanConfirmationProps extends BanChoice {
  /** The text whose senders are banned; null if only the author is. */
  sameText: string | null;
  onShowBans: () => void;
  onClose: () => void;
}

/** Asks how long the ban lasts, and names the person on the button. The focus starts on Cancel, so that no key bans by
 * accident. */
export function BanConfirmation(props: BanConfirmationProps) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  return (
    <AlertDialog.Root open onOpenChange={(isOpen) => !isOpen && props.onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay" />
        <AlertDialog.Content className="dialog">
          <AlertDialog.Title>{props.title}</AlertDialog.Title>
          {props.sameText !== null && (
            <p className={css.sameText}>
              <OneLine of={props.sameText} />
            </p>
          )}
          <AlertDialog.Description className="quiet">{props.scopeWords}</AlertDialog.Description>
          <label className={`field ${css.duration}`}>
            <span>{t("ban.duration")}</span>
            <select
              value={props.seconds ?? FOR_GOOD}
              onChange={({ target: { value } }) =>
                props.setSeconds(value === FOR_GOOD ? null : Number(value))
              }
            >
              {DURATIONS.map((duration) => (
                <option key={duration.words} value={duration.seconds ?? FOR_GOOD}>
                  {t(duration.words)}
                </option>
              ))}
            </select>
          </label>
          <label className={`option ${css.purge}`}>
            <input
              type="checkbox"
              checked={props.isPurge}
              onChange={({ target }) => props.setIsPurge(target.checked)}
            />
            <span>{t("ban.purge")}</span>
          </label>
          <label className="field">
            <span>{t("ban.reason")}</span>
            <input
              value={props.reason}
              dir="auto"
              aria-describedby="ban-refusal"
              onChange={(event) => props.setReason(textAfterInput(event))}
            />
          </label>
          <p id="ban-refusal" className="error" role="alert">
            {props.refusal}
          </p>
          <div className={`dialog-buttons ${css.buttons}`}>
            <button type="button" className="quiet-button" onClick={props.onShowBans}>
              {t("ban.showBans")}
            </button>
            <AlertDialog.Cancel className="quiet-button">{words("app.cancel")}</AlertDialog.Cancel>
            <button
              type="button"
              className={`primary-button danger-button ${css.confirm}`}
              disabled={props.isBanning}
              onClick={props.ban}
            >
              {props.confirmWords}
            </button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
