import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import { MoreButton } from "@/ui/MoreButton";
import { ShownName } from "@/ui/user-text/ShownName";
import { Confirmation } from "./Confirmation";
import type { OperatorRoomsView } from "./use-operator-rooms";
import * as css from "./operator.module.css";

/** All rooms, each with a link to its moderator view and buttons that hide and delete it. */
export function OperatorRooms(view: OperatorRoomsView) {
  const { t } = useTranslation("operator");
  const { rooms, toDelete } = view;
  return (
    <section className={css.section} aria-labelledby="operator-rooms">
      <h2 id="operator-rooms">{t("rooms.title")}</h2>
      <label className="field">
        <span>{t("rooms.search")}</span>
        <input
          type="search"
          value={view.words}
          dir="auto"
          onChange={(event) => view.setWords(textAfterInput(event))}
        />
      </label>
      <p className="error" role="alert">
        {view.refusal}
      </p>
      {rooms?.length === 0 && <p className="quiet">{t("rooms.none")}</p>}
      <ul className={css.list}>
        {rooms?.map((shown) => {
          const { room, inSentence, about } = shown;
          return (
            <li key={room.id}>
              <div className={css.item}>
                <ShownName of={room.name} />
                <p className="quiet">{about}</p>
              </div>
              <Link
                to="/rooms/$roomId/moderate"
                params={{ roomId: room.id }}
                search={{ as: "operator" }}
                className="quiet-button"
                aria-label={t("rooms.moderateOf", { room: inSentence })}
              >
                {t("rooms.moderate")}
              </Link>
              <button
                type="button"
                className="quiet-button"
                disabled={view.isCalling}
                aria-label={t(room.hidden ? "rooms.showOf" : "rooms.hideOf", { room: inSentence })}
                onClick={() => view.setHidden(room, !room.hidden)}
              >
                {t(room.hidden ? "rooms.show" : "rooms.hide")}
              </button>
              <button
                type="button"
                className="quiet-button"
                disabled={view.isCalling}
                aria-label={t("rooms.deleteOf", { room: inSentence })}
                onClick={() => view.askToDelete(shown)}
              >
                {t("rooms.delete")}
              </button>
            </li>
          );
        })}
      </ul>
      <MoreButton words={t("more")} loadMore={view.loadMore} />
      {toDelete !== null && (
        <Confirmation
          question={t("rooms.deleteConfirm", { room: toDelete.inSentence })}
          about={null}
          confirmWords={t("rooms.deleteOf", { room: toDelete.inSentence })}
          onCancel={() => view.askToDelete(null)}
          onConfirm={() => view.deleteRoom(toDelete.room)}
        />
      )}
    </section>
  );
}
