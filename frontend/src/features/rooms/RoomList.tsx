import { Link, useLocation } from "@tanstack/react-router";
import { Flame, Plus, Search, Users } from "lucide-react";
import { lazy, Suspense, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { ListedRoom } from "@/lib/contract/types";
import { harmlessText } from "@/lib/harmless-text";
import { IconButton } from "@/lib/IconButton";
import { plainLine } from "@/lib/text/words";
import { unread } from "@/lib/rooms/unread";
import { useServices } from "@/lib/services";
import { useRooms, useRoomsNamed } from "./use-rooms";

const CreateRoom = lazy(() => import("./CreateRoom"));

/** All rooms with what is new in them. */
export function RoomList({ onPicked }: { onPicked?: () => void }) {
  const { t } = useTranslation();
  const { rooms, isError, hasNextPage, fetchNextPage } = useRooms();
  const [wanted, setWanted] = useState("");
  const [isCreating, setIsCreating] = useState(false);
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
        <IconButton icon={Plus} label={t("rooms.create")} onClick={() => setIsCreating(true)} />
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
            <RoomLink room={room} {...(onPicked === undefined ? {} : { onPicked })} />
          </li>
        ))}
      </ul>
      {isError && rooms.length === 0 && <p className="room-list-note">{t("rooms.failed")}</p>}
      {rooms.length > 0 && found.length === 0 && <p className="room-list-note">{t("rooms.none")}</p>}
      {hasNextPage && (
        <button type="button" className="text-button" onClick={() => void fetchNextPage()}>
          {t("rooms.more")}
        </button>
      )}
      {isCreating && (
        <Suspense>
          <CreateRoom onClose={() => setIsCreating(false)} />
        </Suspense>
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
        <bdi>{harmlessText(room.name)}</bdi>
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
      <bdi className="room-note-name">{harmlessText(last.author.nickname)}</bdi>{" "}
      <bdi>{last.deleted ? t("message.deleted") : plainLine(last.text)}</bdi>
    </span>
  );
}
