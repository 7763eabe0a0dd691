import { Link } from "@tanstack/react-router";
import { Flame, Lock, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ListedRoom } from "@/lib/contract/types";
import { OneLine } from "@/ui/user-text/OneLine";
import { ShownName } from "@/ui/user-text/ShownName";
import { UntaggedName } from "@/ui/user-text/UntaggedName";
import * as css from "./rooms.module.css";

interface RoomLinkProps {
  room: ListedRoom;
  /** Whether this room is open. */
  isOpen: boolean;
  unreadCount: number;
  onPicked: (() => void) | undefined;
}

/** One room of the list: name, heat, viewers, last message and unread count. */
export function RoomLink({ room, isOpen, unreadCount, onPicked }: RoomLinkProps) {
  const { t } = useTranslation();
  return (
    <Link
      to="/rooms/$roomId"
      params={{ roomId: room.id }}
      className={css.roomLink}
      activeProps={{}}
      {...(isOpen && { className: `${css.roomLink} ${css.roomLinkActive}`, "aria-current": "page" as const })}
      onClick={onPicked}
    >
      <span className={css.roomName}>
        <ShownName of={room.name} />
        {room.visibility === "private" && <Lock size={13} aria-label={t("rooms.private")} role="img" />}
        {room.heat.hot && <Flame className={css.roomHot} size={14} aria-label={t("room.hot")} role="img" />}
      </span>
      {room.viewers > 0 && (
        <span className={`${css.roomViewers} tabular`} title={t("room.watching", { count: room.viewers })}>
          <Users size={12} aria-hidden="true" />
          <span>{room.viewers}</span>
        </span>
      )}
      <LastMessage room={room} />
      {unreadCount > 0 && (
        <span
          className={`${css.unread} tabular`}
          data-testid="unread"
          aria-label={t("rooms.unread", { count: unreadCount })}
        >
          {unreadCount > 999 ? "999+" : unreadCount}
        </span>
      )}
    </Link>
  );
}

/** The room's last message on one line. */
function LastMessage({ room }: { room: ListedRoom }) {
  const { t } = useTranslation();
  const last = room.last_message;
  if (!last) return <span className={css.roomNote}>{room.message_count === 0 && t("rooms.empty")}</span>;
  return (
    <span className={css.roomNote}>
      <UntaggedName of={last.author} className={css.roomNoteName} />{" "}
      {last.deleted ? <bdi>{t("message.deleted")}</bdi> : <OneLine of={last.text} />}
    </span>
  );
}
