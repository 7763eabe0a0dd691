import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import type { CreateRoomState } from "./use-create-room";

const NAME_MAX = 80;
const NICKNAME_MAX = 32;

/** The name of the room, and a nickname if the reader has none. */
export function CreateRoomForm({ name, setName, nickname, setNickname, refusal, create }: CreateRoomState) {
  const { t } = useTranslation();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create();
      }}
    >
      <label className="field">
        <span>{t("rooms.name")}</span>
        <input
          value={name}
          maxLength={NAME_MAX}
          required
          dir="auto"
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      {nickname !== null && (
        <label className="field">
          <span>{t("composer.nameTitle")}</span>
          <input
            value={nickname}
            maxLength={NICKNAME_MAX}
            required
            onChange={(event) => setNickname(event.target.value)}
          />
        </label>
      )}
      <p className="error" role="alert">
        {refusal}
      </p>
      <div className="dialog-buttons">
        <Dialog.Close className="quiet-button">{t("app.cancel")}</Dialog.Close>
        <button type="submit" className="primary-button" disabled={name.trim() === ""}>
          {t("rooms.make")}
        </button>
      </div>
    </form>
  );
}
