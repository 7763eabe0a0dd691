import { Check, Link2, Menu, Pin, Search, Settings2, Users } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "@/lib/clipboard";
import { Contained } from "@/ui/Contained";
import { IconButton } from "@/ui/IconButton";
import { lazyComponent } from "@/ui/lazy-component";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { ShownName } from "@/ui/user-text/UserText";
import { useOpenRoom } from "@/ui/room-context";
import * as css from "./room.module.css";

const PinnedDialog = lazyComponent(() => import("@/features/pins/PinnedDialog"));
const SearchDialog = lazyComponent(() => import("@/features/search/SearchDialog"));
const Settings = lazyComponent(() => import("@/features/settings/Settings"));
const Shortcuts = lazyComponent(() => import("./Shortcuts"));

export type RoomPanel = "pinned" | "search" | "settings" | "shortcuts" | null;

interface HeaderProps {
  screen: RoomScreen;
  panel: RoomPanel;
  setPanel: (panel: RoomPanel) => void;
  onMenu?: () => void;
}

export function RoomHeader({ screen, panel, setPanel, onMenu }: HeaderProps) {
  const { t } = useTranslation();
  const { roomId, toast } = useOpenRoom();
  const room = screen.feed.room;
  const pinnedCount = room?.pinned.length ?? 0;
  const close = () => setPanel(null);
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
        <ShownName of={room?.name ?? roomId} />
      </h1>
      {room !== null && room.viewers > 0 && (
        <span className={`${css.viewers} tabular`} data-testid="viewers">
          <Users size={14} aria-hidden="true" /> {t("room.watching", { count: room.viewers })}
        </span>
      )}
      <span className={css.headerActions}>
        <CopyLink roomId={roomId} />
        {pinnedCount > 0 && (
          <IconButton icon={Pin} label={t("pinned.title")} onClick={() => setPanel("pinned")} />
        )}
        <IconButton icon={Search} label={t("room.search")} onClick={() => setPanel("search")} />
        <IconButton icon={Settings2} label={t("room.settings")} onClick={() => setPanel("settings")} />
      </span>
      <Contained
        of={panel}
        fallback={null}
        onError={() => {
          close();
          toast(t("problem.partBroken"));
        }}
      >
        {panel === "pinned" && <PinnedDialog screen={screen} onClose={close} />}
        {panel === "search" && <SearchDialog onClose={close} />}
        {panel === "settings" && <Settings onClose={close} />}
        {panel === "shortcuts" && <Shortcuts onClose={close} />}
      </Contained>
    </header>
  );
}

function CopyLink({ roomId }: { roomId: string }) {
  const { t } = useTranslation();
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await copyText(`${location.origin}/rooms/${roomId}`);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), 2_000);
  };
  return (
    <button
      type="button"
      className="quiet-button"
      aria-label={t("room.copyLink")}
      onClick={() => void copy()}
    >
      {isCopied ? <Check size={15} aria-hidden="true" /> : <Link2 size={15} aria-hidden="true" />}
      <span aria-live="polite">{isCopied ? t("room.copied") : t("room.copyLink")}</span>
    </button>
  );
}
