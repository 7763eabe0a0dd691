import { Link, useLocation } from "@tanstack/react-router";
import { Flame, Plus, Search, Users } from "lucide-react";
import { useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { ListedRoom } from "@/lib/contract/types";
import { Contained } from "@/ui/Contained";
import { IconButton } from "@/ui/IconButton";
import { lazyComponent } from "@/ui/lazy-component";
import { OneLine, ShownName } from "@/ui/user-text/UserText";
import { unread } from "@/lib/rooms/unread";
import { useServices } from "@/ui/services-context";
import { useRooms, useRoomsNamed } from "./use-rooms";
import * as css from "./rooms.module.css";

const CreateRoom = lazyComponent(() => import("./CreateRoom"));

/** All rooms with what is new in them. */
export function RoomList({ onPicked }: { onPicked?: () => void }) {
  const { t } = useTranslation();
  const { rooms, isError, failureReason, refetch, hasNextPage, fetchNextPage } = useRooms();
  const [wanted, setWanted] = useState("");
  const [isCreating, setIsCreating] = useState(false);
  const [hasFailed, setHasFailed] = useState(false);
  const create = () => {
    setHasFailed(false);
    setIsCreating(true);
  };
  const found = useRoomsNamed(wanted, rooms, !hasNextPage);
  return (
    <nav className={css.roomList} aria-label={t("rooms.title")}>
      <div className={css.roomListHead}>
        <Link to="/" className={css.brand} onClick={onPicked}>
          <span className={css.brandMark}>
            <Flame size={18} aria-hidden="true" />
          </span>
          {t("app.name")}
        </Link>
        <IconButton icon={Plus} label={t("rooms.create")} onClick={create} />
      </div>
      <label className={css.roomSearch}>
        <Search size={15} aria-hidden="true" />
        <input
          type="search"
          value={wanted}
          placeholder={t("rooms.search")}
          aria-label={t("rooms.search")}
          onChange={(event) => setWanted(event.target.value)}
        />
      </label>
      <ul>
        {found.map((room) => (
          <li key={room.id}>
            <Contained of={room} fallback={null}>
              <RoomLink room={room} {...(onPicked === undefined ? {} : { onPicked })} />
            </Contained>
          </li>
        ))}
      </ul>
      {failureReason !== null && rooms.length === 0 && (
        <p className={css.roomListNote} role="status">
          {errorMessage(t, failureReason, t("rooms.failed"))}{" "}
          {isError && (
            <button type="button" className="text-button" onClick={() => void refetch()}>
              {t("feed.retry")}
            </button>
          )}
        </p>
      )}
      {rooms.length > 0 && found.length === 0 && <p className={css.roomListNote}>{t("rooms.none")}</p>}
      {hasNextPage && (
        <button type="button" className="text-button" onClick={() => void fetchNextPage()}>
          {t("rooms.more")}
        </button>
      )}
      {hasFailed && (
        <p className={css.roomListNote} role="alert">
          {t("problem.partBroken")}
        </p>
      )}
      {isCreating && (
        <Contained
          of={isCreating}
          fallback={null}
          onError={() => {
            setIsCreating(false);
            setHasFailed(true);
          }}
        >
          <CreateRoom onClose={() => setIsCreating(false)} />
        </Contained>
      )}
    </nav>
  );
}

function RoomLink({ room, onPicked }: { room: ListedRoom; onPicked?: () => void }) {
  const { t } = useTranslation();
  const { readCounts } = useServices();
  const read = useSyncExternalStore(readCounts.subscribe, readCounts.getSnapshot);
  const path = useLocation({ select: (location) => location.pathname });
  const isHere = path === `/rooms/${room.id}` || (path === "/" && room.id === "lobby");
  const news = isHere ? 0 : unread(read, room.id, room.message_count);
  return (
    <Link
      to="/rooms/$roomId"
      params={{ roomId: room.id }}
      className={css.roomLink}
      activeProps={{}}
      {...(isHere && { className: `${css.roomLink} ${css.roomLinkActive}`, "aria-current": "page" as const })}
      onClick={onPicked}
    >
      <span className={css.roomName}>
        <ShownName of={room.name} />
        {room.heat.hot && <Flame className={css.roomHot} size={14} aria-label={t("room.hot")} role="img" />}
      </span>
      {room.viewers > 0 && (
        <span className={`${css.roomViewers} tabular`} title={t("room.watching", { count: room.viewers })}>
          <Users size={12} aria-hidden="true" />
          {room.viewers}
        </span>
      )}
      <LastMessage room={room} />
      {news > 0 && (
        <span
          className={`${css.unread} tabular`}
          data-testid="unread"
          aria-label={t("rooms.unread", { count: news })}
        >
          {news > 999 ? "999+" : news}
        </span>
      )}
    </Link>
  );
}

/** What was said last, on one line. */
function LastMessage({ room }: { room: ListedRoom }) {
  const { t } = useTranslation();
  const last = room.last_message;
  if (!last) return <span className={css.roomNote}>{t("rooms.empty")}</span>;
  return (
    <span className={css.roomNote}>
      <ShownName of={last.author.nickname} isPerson className={css.roomNoteName} />{" "}
      {last.deleted ? <bdi>{t("message.deleted")}</bdi> : <OneLine of={last.text} />}
    </span>
  );
}
