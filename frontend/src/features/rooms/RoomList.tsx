import { Link } from "@tanstack/react-router";
import { Flame, Plus, Search } from "lucide-react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { Contained } from "@/ui/Contained";
import { IconButton } from "@/ui/IconButton";
import { lazyComponent } from "@/ui/lazy-component";
import { RoomLink } from "./RoomLink";
import { useRoomList } from "./use-room-list";
import * as css from "./rooms.module.css";

const CreateRoom = lazyComponent(() => import("./CreateRoom"));

interface RoomListProps {
  /** Called when the reader opens a room. */
  onPicked?: () => void;
}

/** All rooms, with a search field and a button that creates a room. */
export function RoomList({ onPicked }: RoomListProps) {
  const { t } = useTranslation();
  const list = useRoomList();
  const { createDialog, setCreateDialog } = list;
  return (
    <nav className={css.roomList} aria-label={t("rooms.title")}>
      <div className={css.roomListHead}>
        <Link to="/" className={css.brand} onClick={onPicked}>
          <span className={css.brandMark}>
            <Flame size={18} aria-hidden="true" />
          </span>
          <span>{t("app.name")}</span>
        </Link>
        <IconButton icon={Plus} label={t("rooms.create")} onClick={() => setCreateDialog("open")} />
      </div>
      <label className={css.roomSearch}>
        <Search size={15} aria-hidden="true" />
        <input
          type="search"
          value={list.words}
          placeholder={t("rooms.search")}
          aria-label={t("rooms.search")}
          onChange={(event) => list.setWords(event.target.value)}
        />
      </label>
      <ul>
        {list.rooms.map((room) => (
          <li key={room.id}>
            <Contained of={room} fallback={null}>
              <RoomLink room={room} onPicked={onPicked} />
            </Contained>
          </li>
        ))}
      </ul>
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
      {list.hasRooms && list.rooms.length === 0 && <p className={css.roomListNote}>{t("rooms.none")}</p>}
      {list.loadMore !== null && (
        <button type="button" className="text-button" onClick={list.loadMore}>
          {t("rooms.more")}
        </button>
      )}
      {createDialog === "failed" && (
        <p className={css.roomListNote} role="alert">
          {t("problem.partBroken")}
        </p>
      )}
      {createDialog === "open" && (
        <Contained of={createDialog} fallback={null} onError={() => setCreateDialog("failed")}>
          <CreateRoom onClose={() => setCreateDialog("closed")} />
        </Contained>
      )}
    </nav>
  );
}
