import { PinOff } from "lucide-react";
import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { Contained } from "@/ui/Contained";
import { IconButton } from "@/ui/IconButton";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { MessageLink, MessageLinks } from "@/ui/MessageLink";
import { useIsOwner, useSetPin } from "./use-set-pin";

/** All pinned messages of the room, the last one first; its owner unpins them here. */
export default function PinnedDialog({ screen, onClose }: { screen: RoomScreen; onClose: () => void }) {
  const { t } = useTranslation();
  const isOwner = useIsOwner();
  const setPin = useSetPin();
  const pinned = screen.feed.room?.pinned ?? [];
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog dialog-wide" aria-describedby={undefined}>
          <Dialog.Title>{t("pinned.title")}</Dialog.Title>
          {pinned.length === 0 && <p className="quiet">{t("pinned.none")}</p>}
          <MessageLinks>
            {pinned.map((message) => (
              <li key={message.id}>
                <Contained of={message} fallback={null}>
                  <MessageLink message={message} onGone={onClose} />
                </Contained>
                {isOwner && (
                  <IconButton
                    icon={PinOff}
                    size={15}
                    label={t("message.unpin")}
                    onClick={() => void setPin(message, false)}
                  />
                )}
              </li>
            ))}
          </MessageLinks>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
