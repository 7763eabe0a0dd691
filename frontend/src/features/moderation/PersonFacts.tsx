import { useTranslation } from "react-i18next";
import { CloseDialogLine } from "@/ui/ModalDialog";
import { OneLine } from "@/ui/user-text/OneLine";
import * as css from "./moderation.module.css";

export interface PersonFactsProps {
  /** The role, and how long the person has been known. */
  about: string;
  /** The person's ban: its end and its host, or that there is none; null while it loads. */
  banWords: string | null;
  /** The reason of the ban. */
  banReason: string | null;
  /** Why the ban cannot be shown or lifted. */
  refusal: string | null;
  /** Undefined where the person has the same or a higher role. */
  onBan: (() => void) | undefined;
  /** Undefined where the person is not banned. */
  onLift: (() => void) | undefined;
  messagesWords: string;
  /** The newest ones, the newest first. */
  messages: readonly {
    readonly id: string;
    readonly time: string;
    readonly text: string;
    readonly onShow: () => void;
  }[];
}

export function PersonFacts(props: PersonFactsProps) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const { banWords, banReason, onBan, onLift } = props;
  return (
    <>
      <p className="quiet">{props.about}</p>
      <h3 className={css.factsTitle}>{t("bans.title")}</h3>
      <p role="status">{banWords}</p>
      {banReason !== null && (
        <p className="quiet">
          <OneLine of={banReason} />
        </p>
      )}
      <p className="error" role="alert">
        {props.refusal}
      </p>
      <div className={css.buttons}>
        {onBan !== undefined && (
          <button type="button" className="quiet-button" onClick={onBan}>
            {words("message.ban")}
          </button>
        )}
        {onLift !== undefined && (
          <button type="button" className="quiet-button" onClick={onLift}>
            {t("bans.lift")}
          </button>
        )}
      </div>
      <h3 className={css.factsTitle}>{t("person.messages")}</h3>
      <p className="quiet">{props.messagesWords}</p>
      <ul className={css.factsMessages}>
        {props.messages.map(({ id, time, text, onShow }) => (
          <li key={id}>
            <button type="button" className="text-button" title={t("moderate.showMessage")} onClick={onShow}>
              {time}
            </button>
            <OneLine of={text} />
          </li>
        ))}
      </ul>
      <CloseDialogLine />
    </>
  );
}
