import { Copy, Ellipsis, Link2, Pencil, Pin, PinOff, Reply, Trash2 } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useTranslation } from "react-i18next";
import { copyText } from "@/lib/clipboard";
import type { Message } from "@/lib/contract/types";
import { useOpenRoom } from "@/ui/room-context";
import { useIsOwner, useSetPin } from "@/features/pins/use-set-pin";
import * as css from "./messages.module.css";

interface MenuProps {
  message: Message;
  isMine: boolean;
  onClose: () => void;
}

/** The menu of one message, already open: it is only loaded and drawn once somebody wants it. */
export default function MessageMenu({ message, isMine, onClose }: MenuProps) {
  const { t } = useTranslation();
  return (
    <DropdownMenu.Root modal={false} defaultOpen onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DropdownMenu.Trigger className="icon-button" aria-label={t("message.menu")}>
        <Ellipsis size={15} aria-hidden="true" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={document.querySelector("main")}>
        <DropdownMenu.Content className="popover" align="end" sideOffset={4} collisionPadding={8}>
          <Items message={message} isMine={isMine} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Items({ message, isMine }: Pick<MenuProps, "message" | "isMine">) {
  const { t } = useTranslation();
  const { roomId, feed, replyTo, editMessage, deleteMessage, toast } = useOpenRoom();
  const isOwner = useIsOwner();
  const setPin = useSetPin();
  const isPinned = feed.getSnapshot().room?.pinned.some(({ id }) => id === message.id) === true;
  const copy = (text: string) =>
    void copyText(text).then(
      () => toast(t("message.copied")),
      () => toast(t("message.copyFailed")),
    );
  const link = `${location.origin}/rooms/${roomId}?at=${message.seq}`;
  return (
    <>
      <DropdownMenu.Item className={css.menuItem} onSelect={() => replyTo(message)}>
        <Reply size={15} aria-hidden="true" /> {t("message.reply")}
      </DropdownMenu.Item>
      <DropdownMenu.Item className={css.menuItem} onSelect={() => copy(message.text)}>
        <Copy size={15} aria-hidden="true" /> {t("message.copy")}
      </DropdownMenu.Item>
      <DropdownMenu.Item className={css.menuItem} onSelect={() => copy(link)}>
        <Link2 size={15} aria-hidden="true" /> {t("message.link")}
      </DropdownMenu.Item>
      {isOwner && (
        <DropdownMenu.Item className={css.menuItem} onSelect={() => void setPin(message, !isPinned)}>
          {isPinned ? <PinOff size={15} aria-hidden="true" /> : <Pin size={15} aria-hidden="true" />}
          {isPinned ? t("message.unpin") : t("message.pin")}
        </DropdownMenu.Item>
      )}
      {isMine && (
        <DropdownMenu.Item className={css.menuItem} onSelect={() => editMessage(message)}>
          <Pencil size={15} aria-hidden="true" /> {t("message.edit")}
        </DropdownMenu.Item>
      )}
      {(isMine || isOwner) && (
        <DropdownMenu.Item
          className={`${css.menuItem} ${css.menuDanger}`}
          onSelect={() => deleteMessage(message)}
        >
          <Trash2 size={15} aria-hidden="true" /> {t("message.delete")}
        </DropdownMenu.Item>
      )}
    </>
  );
}
