import { useTranslation } from "react-i18next";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { useOpenRoom } from "@/ui/room-context";
import { useRole } from "@/ui/use-role";
import { HeaderBar } from "./HeaderBar";
import { useCopyLink } from "./use-copy-link";

const HostPanel = lazyComponent(() => import("@/features/hosts/HostPanel"));
const PinnedDialog = lazyComponent(() => import("@/features/pins/PinnedDialog"));
const SearchDialog = lazyComponent(() => import("@/features/search/SearchDialog"));
const Settings = lazyComponent(() => import("@/features/settings/Settings"));
const Shortcuts = lazyComponent(() => import("./Shortcuts"));

/** The open dialog of the room; null for none. */
export type RoomPanel = "hosts" | "pinned" | "search" | "settings" | "shortcuts" | null;

interface RoomHeaderProps {
  screen: RoomScreen;
  panel: RoomPanel;
  setPanel: (panel: RoomPanel) => void;
  onMenu?: (() => void) | undefined;
}

/** The header of a room, and the dialogs that it opens. HeaderBar renders the header. */
export function RoomHeader({ screen, panel, setPanel, onMenu }: RoomHeaderProps) {
  const { t } = useTranslation();
  const { roomId, toast } = useOpenRoom();
  const { isCopied, copyLink } = useCopyLink();
  const isHost = useRole() !== "guest";
  const { room } = screen.feed;
  const close = () => setPanel(null);
  return (
    <>
      <HeaderBar
        roomName={room?.name ?? roomId}
        viewers={room?.viewers ?? 0}
        hasPins={room !== null && room.pinned.length > 0}
        isHost={isHost}
        isLinkCopied={isCopied}
        onCopyLink={copyLink}
        onOpen={setPanel}
        onMenu={onMenu}
      />
      <ErrorBoundary
        resetKey={panel}
        fallback={null}
        onError={() => {
          close();
          toast(t("problem.partBroken"));
        }}
      >
        {panel === "hosts" && <HostPanel onClose={close} />}
        {panel === "pinned" && <PinnedDialog screen={screen} onClose={close} />}
        {panel === "search" && <SearchDialog onClose={close} />}
        {panel === "settings" && <Settings onClose={close} />}
        {panel === "shortcuts" && <Shortcuts onClose={close} />}
      </ErrorBoundary>
    </>
  );
}
