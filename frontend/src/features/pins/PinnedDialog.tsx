import { useTranslation } from "react-i18next";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { ModalDialog } from "@/ui/ModalDialog";
import { useOpenRoom } from "@/ui/room-context";
import { useIsOwner } from "@/ui/use-is-owner";
import { useLocalTime } from "@/ui/use-local-time";
import { PinnedMessages } from "./PinnedMessages";
import { useSetPin } from "./use-set-pin";

/** All pinned messages of the room, the newest pin first. The owner can unpin them. */
export default function PinnedDialog({ screen, onClose }: { screen: RoomScreen; onClose: () => void }) {
  const { t } = useTranslation();
  const { jumpTo } = useOpenRoom();
  const { exactTime } = useLocalTime();
  const isOwner = useIsOwner();
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
        onUnpin={isOwner ? (message) => void setPin(message, false) : null}
      />
    </ModalDialog>
  );
}
