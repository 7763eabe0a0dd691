import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import { NicknameField } from "@/ui/NicknameField";
import { VisibilityOptions } from "@/ui/VisibilityOptions";
import type { CreateRoomView } from "./use-create-room";
import * as css from "./rooms.module.css";

/** The name of the room, who may enter it, and a nickname if the reader has none. */
export function CreateRoomForm({
  name,
  setName,
  visibility,
  setVisibility,
  nickname,
  setNickname,
  needsNickname,
  isCreating,
  nameRefusal,
  nicknameRefusal,
  refusal,
  create,
}: CreateRoomView) {
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
          required
          dir="auto"
          aria-invalid={nameRefusal !== null}
          aria-describedby="room-name-problem"
          onChange={(event) => setName(textAfterInput(event))}
        />
      </label>
      <p id="room-name-problem" className="error" role="alert">
        {nameRefusal}
      </p>
      <fieldset className={css.visibility}>
        <legend>{t("visibility.title")}</legend>
        <VisibilityOptions value={visibility} onChange={setVisibility} />
      </fieldset>
      {needsNickname && (
        <NicknameField nickname={nickname} setNickname={setNickname} refusal={nicknameRefusal} />
      )}
      <p className="error" role="alert">
        {refusal}
      </p>
      <div className="dialog-buttons">
        <Dialog.Close className="quiet-button">{t("app.cancel")}</Dialog.Close>
        <button
          type="submit"
          className="primary-button"
          disabled={isCreating || isBlank(name) || (needsNickname && isBlank(nickname))}
        >
          {t("rooms.make")}
        </button>
      </div>
    </form>
  );
}

const isBlank = (text: string): boolean => text.trim() === "";
