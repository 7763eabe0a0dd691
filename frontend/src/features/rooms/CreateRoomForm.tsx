import { useTranslation } from "react-i18next";
import { CallForm } from "@/ui/CallForm";
import { NameField } from "@/ui/NameField";
import { VisibilityOptions } from "@/ui/VisibilityOptions";
import type { CreateRoomView } from "./use-create-room";
import * as css from "./rooms.module.css";

/** The name of the room, who may enter it, and a nickname if the reader has none. */
export function CreateRoomForm({ room, setField, nameRefusal, form }: CreateRoomView) {
  const { t } = useTranslation();
  const { name, visibility } = room;
  return (
    <CallForm {...form} isIncomplete={name.trim() === ""} submitWords={t("rooms.make")}>
      <NameField
        words={t("rooms.name")}
        name={name}
        setName={(typed) => setField("name", typed)}
        refusal={nameRefusal}
        refusalId="room-name-problem"
      />
      <fieldset className={css.visibility}>
        <legend>{t("visibility.title")}</legend>
        <VisibilityOptions value={visibility} onChange={(chosen) => setField("visibility", chosen)} />
      </fieldset>
    </CallForm>
  );
}
