import { useTranslation } from "react-i18next";
import type { RoomDeletion } from "./use-delete-room";
import * as css from "./hosts.module.css";

/** The button that deletes the room, and the question before it, which names the room. */
export function DeleteRoomSection(props: RoomDeletion) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const room = props.roomName;
  return (
    <section className={css.section} aria-labelledby="hosts-delete">
      <h3 id="hosts-delete">{t("deletion.title")}</h3>
      {props.isAsking ? (
        <div className={css.confirmation} role="group" aria-label={t("deletion.title")}>
          <p>{t("deletion.confirm", { room })}</p>
          <div className={`dialog-buttons ${css.buttons}`}>
            <button
              type="button"
              className="quiet-button"
              ref={focusOnce}
              onClick={() => props.setIsAsking(false)}
            >
              {words("app.cancel")}
            </button>
            <button
              type="button"
              className={`primary-button danger-button ${css.confirm}`}
              disabled={props.isDeleting}
              onClick={props.deleteRoom}
            >
              {t("deletion.deleteNamed", { room })}
            </button>
          </div>
        </div>
      ) : (
        <button type="button" className="quiet-button" onClick={() => props.setIsAsking(true)}>
          {t("deletion.ask")}
        </button>
      )}
      <p className="error" role="alert">
        {props.refusal}
      </p>
    </section>
  );
}

/** The focus starts on Cancel, so that no key deletes by accident. */
const focusOnce = (button: HTMLButtonElement | null) => button?.focus();
