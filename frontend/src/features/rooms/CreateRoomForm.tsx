import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import type { CreateRoomView } from "./use-create-room";

/** The name of the room, and a nickname if the reader has none. */
export function CreateRoomForm(form: CreateRoomView) {
  const { t } = useTranslation();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        form.create();
      }}
    >
      <label className="field">
        <span>{t("rooms.name")}</span>
        <input
          value={form.name}
          required
          dir="auto"
          aria-invalid={form.nameRefusal !== null}
          aria-describedby="room-name-problem"
          onChange={(event) => form.setName(textAfterInput(event))}
        />
      </label>
      <p id="room-name-problem" className="error" role="alert">
        {form.nameRefusal}
      </p>
      {form.needsNickname && (
        <>
          <label className="field">
            <span>{t("composer.nameTitle")}</span>
            <input
              value={form.nickname}
              required
              dir="auto"
              aria-invalid={form.nicknameRefusal !== null}
              aria-describedby="room-nickname-problem"
              onChange={(event) => form.setNickname(textAfterInput(event))}
            />
          </label>
          <p id="room-nickname-problem" className="error" role="alert">
            {form.nicknameRefusal}
          </p>
        </>
      )}
      <p className="error" role="alert">
        {form.refusal}
      </p>
      <div className="dialog-buttons">
        <Dialog.Close className="quiet-button">{t("app.cancel")}</Dialog.Close>
        <button
          type="submit"
          className="primary-button"
          disabled={form.isCreating || isBlank(form.name) || (form.needsNickname && isBlank(form.nickname))}
        >
          {t("rooms.make")}
        </button>
      </div>
    </form>
  );
}

const isBlank = (text: string): boolean => text.trim() === "";
