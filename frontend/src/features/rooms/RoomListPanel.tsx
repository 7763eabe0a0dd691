import { Link } from "@tanstack/react-router";
import { Flame, Plus, Search } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";
import { textAfterInput } from "@/lib/pasted-text";
import { IconButton } from "@/ui/IconButton";
import { RoomItems } from "./RoomItems";
import type { RoomListState } from "./use-room-list";
import * as css from "./rooms.module.css";

interface RoomListPanelProps {
  list: RoomListState;
  onPicked: (() => void) | undefined;
  /** Below the list. */
  children: ReactNode;
}

/** The rooms, with a search field and a button that creates a room. */
export function RoomListPanel({ list, onPicked, children }: RoomListPanelProps) {
  const { t } = useTranslation();
  return (
    <nav className={css.roomList} aria-label={t("rooms.title")}>
      <div className={css.roomListHead}>
        <Link to="/" className={css.brand} onClick={onPicked}>
          <span className={css.brandMark}>
            <Flame size={18} aria-hidden="true" />
          </span>
          <span>{t("app.name")}</span>
        </Link>
        <IconButton icon={Plus} label={t("rooms.create")} onClick={() => list.setCreateDialog("open")} />
      </div>
      <label className={css.roomSearch}>
        <Search size={15} aria-hidden="true" />
        <input
          type="search"
          value={list.words}
          placeholder={t("rooms.search")}
          aria-label={t("rooms.search")}
          onChange={(event) => list.setWords(textAfterInput(event))}
        />
      </label>
      <div className={css.lists}>
        {list.ownRooms.length > 0 && (
          <section aria-labelledby="own-rooms">
            <h2 id="own-rooms" className={css.listTitle}>
              {t("rooms.own")}
            </h2>
            <RoomItems rooms={list.ownRooms} handlers={list.ownHandlers} onPicked={onPicked} />
            {list.loadMoreOwn !== null && (
              <button type="button" className="text-button" onClick={list.loadMoreOwn}>
                {t("rooms.more")}
              </button>
            )}
          </section>
        )}
        <RoomItems rooms={list.rooms} handlers={list.handlers} onPicked={onPicked} />
      </div>
      {list.failure !== null && (
        <p className={css.roomListNote} role="status">
          <span>{errorMessage(t, list.failure, t("rooms.failed"))}</span>{" "}
          {list.retry !== null && (
            <button type="button" className="text-button" onClick={list.retry}>
              {t("feed.retry")}
            </button>
          )}
        </p>
      )}
      {list.hasRooms && list.rooms.length === 0 && (
        <p className={css.roomListNote} role="status">
          {list.searchProblem === null ? t("rooms.none") : textProblemMessage(t, list.searchProblem)}
        </p>
      )}
      {list.loadMore !== null && (
        <button type="button" className="text-button" onClick={list.loadMore}>
          {t("rooms.more")}
        </button>
      )}
      {list.createDialog === "failed" && (
        <p className={css.roomListNote} role="alert">
          {t("problem.partBroken")}
        </p>
      )}
      {children}
    </nav>
  );
}
