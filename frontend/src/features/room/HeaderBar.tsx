import { Menu, Pin, Search, Settings2, ShieldCheck, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import { ShownName } from "@/ui/user-text/ShownName";
import { CopyLinkButton } from "./CopyLinkButton";
import * as css from "./room.module.css";

interface HeaderBarProps {
  roomName: string;
  viewers: number;
  hasPins: boolean;
  /** The reader is a host of the room. */
  isHost: boolean;
  isLinkCopied: boolean;
  onCopyLink: () => void;
  onOpen: (panel: "hosts" | "pinned" | "search" | "settings") => void;
  /** Opens the room list where the layout does not show it. */
  onMenu: (() => void) | undefined;
}

/** The room's name and viewers, and its buttons. */
export function HeaderBar({ roomName, viewers, hasPins, isHost, onOpen, onMenu, ...link }: HeaderBarProps) {
  const { t } = useTranslation();
  return (
    <header className={css.roomHeader}>
      {onMenu && (
        <IconButton
          icon={Menu}
          size={20}
          className={css.menuButton}
          label={t("app.rooms")}
          onClick={onMenu}
        />
      )}
      <h1>
        <ShownName of={roomName} />
      </h1>
      {viewers > 0 && (
        <span className={`${css.viewers} tabular`} data-testid="viewers">
          <Users size={14} aria-hidden="true" /> <span>{t("room.watching", { count: viewers })}</span>
        </span>
      )}
      <span className={css.headerActions}>
        <CopyLinkButton isCopied={link.isLinkCopied} onCopy={link.onCopyLink} />
        {hasPins && <IconButton icon={Pin} label={t("pinned.title")} onClick={() => onOpen("pinned")} />}
        {isHost && <IconButton icon={ShieldCheck} label={t("room.run")} onClick={() => onOpen("hosts")} />}
        <IconButton icon={Search} label={t("room.search")} onClick={() => onOpen("search")} />
        <IconButton icon={Settings2} label={t("room.settings")} onClick={() => onOpen("settings")} />
      </span>
    </header>
  );
}
