import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import type { OpsRoom } from "@/lib/contract/types";
import { chosenOf, fieldOf } from "@/lib/rooms/slow-mode-choice";
import { nameInSentence } from "@/lib/text/shown-name";
import { ModalDialog } from "@/ui/ModalDialog";
import { textField } from "../form-fields";
import type { RoomRulesCall } from "./use-room-rules";

const WAITS_S = [5, 10, 30, 60, 300];
const WHO = ["everyone", "regulars", "moderators"] as const;

interface RoomRulesDialogProps extends RoomRulesCall {
  room: OpsRoom;
  onClose: () => void;
}

/** The form with which the operator changes slow mode and who can write in a room. */
export function RoomRulesDialog({ room, onClose, refusal, isCalling, save }: RoomRulesDialogProps) {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  const current = fieldOf(chosenOf(room.slow_mode));
  const wait = Number(current);
  const waits = Number.isNaN(wait) || WAITS_S.includes(wait) ? WAITS_S : [...WAITS_S, wait];
  return (
    <ModalDialog
      title={t("live.changeOf", { room: nameInSentence(room.name ?? room.id, words("room.untitled")) })}
      onClose={onClose}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const fields = new FormData(event.currentTarget);
          save({
            slowMode: textField(fields, "slow-mode"),
            whoCanPost: textField(fields, "who-can-post"),
            reason: textField(fields, "reason"),
          });
        }}
      >
        <label className="field">
          <span>{t("live.slowMode")}</span>
          <select name="slow-mode" defaultValue={current}>
            <option value="off">{t("live.off")}</option>
            <option value="auto">{t("live.autoChoice")}</option>
            {waits.map((seconds) => (
              <option key={seconds} value={seconds}>
                {t("live.fixed", { seconds })}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{t("live.whoCanPost")}</span>
          <select name="who-can-post" defaultValue={room.who_can_post ?? "everyone"}>
            {WHO.map((each) => (
              <option key={each} value={each}>
                {t(`live.who.${each}`)}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{t("live.reason")}</span>
          <input name="reason" dir="auto" autoComplete="off" />
        </label>
        <p className="error" role="alert">
          {refusal}
        </p>
        <div className="dialog-buttons">
          <Dialog.Close className="quiet-button">{words("app.cancel")}</Dialog.Close>
          <button type="submit" className="primary-button" disabled={isCalling}>
            {t("live.save")}
          </button>
        </div>
      </form>
    </ModalDialog>
  );
}
