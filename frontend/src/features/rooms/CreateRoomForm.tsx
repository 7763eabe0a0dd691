import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import { CallForm } from "@/ui/CallForm";
import { VisibilityOptions } from "@/ui/VisibilityOptions";
import type { CreateRoomView } from "./use-create-room";
import * as css from "./rooms.module.css";

/** The name of the room, who may enter it, and a nickname if the reader has none. */
export function CreateRoomForm({ room, setField, nameRefusal, form }: CreateRoomView) {
  const { t } = useTranslation();
  const { name, visibility } = room;
  return (
    <CallForm {...form} isIncomplete={name.trim() === ""} submitWords={t("rooms.make")}>
      <label className="field">
        <span>{t("rooms.name")}</span>
        <input
          value={name}
          required
          dir="auto"
          aria-invalid={nameRefusal !== null}
          aria-describedby="room-name-problem"
          onChange={(event) => setField("name", textAfterInput(event))}
        />
      </label>
      <p id="room-name-problem" className="error" role="alert">
        {nameRefusal}
      </p>
      <fieldset className={css.visibility}>
        <legend>{t("visibility.title")}</legend>
        <VisibilityOptions value={visibility} onChange={(chosen) => setField("visibility", chosen)} />
      </fieldset>
    </CallForm>
  );
}
