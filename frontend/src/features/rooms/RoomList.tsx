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
    <nav className="room-list" aria-label={t("rooms.title")}>
      <div className="room-list-head">
        <Link to="/" className="brand" onClick={onPicked}>
          <span className="brand-mark">
            <Flame size={18} aria-hidden="true" />
          </span>
          {t("app.name")}
        </Link>
        <IconButton icon={Plus} label={t("rooms.create")} onClick={create} />
      </div>
      <label className="room-search">
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
        <p className="room-list-note" role="status">
          {errorMessage(t, failureReason, t("rooms.failed"))}{" "}
          {isError && (
            <button type="button" className="text-button" onClick={() => void refetch()}>
              {t("feed.retry")}
            </button>
          )}
        </p>
      )}
      {rooms.length > 0 && found.length === 0 && <p className="room-list-note">{t("rooms.none")}</p>}
      {hasNextPage && (
        <button type="button" className="text-button" onClick={() => void fetchNextPage()}>
          {t("rooms.more")}
        </button>
      )}
      {hasFailed && (
        <p className="room-list-note" role="alert">
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
      className="room-link"
      activeProps={{}}
      {...(isHere && { className: "room-link room-link-active", "aria-current": "page" as const })}
      onClick={onPicked}
    >
      <span className="room-name">
        <ShownName of={room.name} />
        {room.heat.hot && <Flame className="room-hot" size={14} aria-label={t("room.hot")} role="img" />}
      </span>
      {room.viewers > 0 && (
        <span className="room-viewers tabular" title={t("room.watching", { count: room.viewers })}>
          <Users size={12} aria-hidden="true" />
          {room.viewers}
        </span>
      )}
      <LastMessage room={room} />
      {news > 0 && (
        <span className="unread tabular" aria-label={t("rooms.unread", { count: news })}>
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
  if (!last) return <span className="room-note">{t("rooms.empty")}</span>;
  return (
    <span className="room-note">
      <ShownName of={last.author.nickname} isPerson className="room-note-name" />{" "}
      {last.deleted ? <bdi>{t("message.deleted")}</bdi> : <OneLine of={last.text} />}
    </span>
  );
}
