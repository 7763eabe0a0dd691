import { useTranslation } from "react-i18next";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { ModalDialog } from "@/ui/ModalDialog";
import { useOpenRoom } from "@/ui/room-context";
import { useLocalTime } from "@/ui/use-local-time";
import { useRole } from "@/ui/use-role";
import { PinnedMessages } from "./PinnedMessages";
import { useSetPin } from "./use-set-pin";

/** All pinned messages of the room, the newest pin first. Hosts can unpin them. */
export default function PinnedDialog({ screen, onClose }: { screen: RoomScreen; onClose: () => void }) {
  const { t } = useTranslation();
  const { jumpTo } = useOpenRoom();
  const { exactTime } = useLocalTime();
  const isHost = useRole() !== "guest";
  const setPin = useSetPin();
  return (
    <ModalDialog title={t("pinned.title")} isWide onClose={onClose}>
      <PinnedMessages
        messages={screen.feed.room?.pinned ?? []}
        exactTime={exactTime}
        onOpen={(message) => {
          jumpTo(message.seq);
          onClose();
        }}
        onUnpin={isHost ? (message) => void setPin(message, false) : null}
      />
    </ModalDialog>
  );
}
