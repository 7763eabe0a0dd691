import {
  Ban,
  Copy,
  EyeOff,
  Flag,
  Link2,
  Pencil,
  Pin,
  PinOff,
  Reply,
  ShieldCheck,
  ShieldOff,
  Trash2,
  UserRound,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import { useSetPin } from "@/features/pins/use-set-pin";
import { copyText } from "@/lib/clipboard";
import type { Message } from "@/lib/contract/types";
import { personInSentence } from "@/lib/people/person-name";
import { outranks, roleIn } from "@/lib/people/roles";
import { useOpenRoom } from "@/ui/room-context";
import { useServices, useViewer } from "@/ui/services-context";
import { useOutranks, useRole } from "@/ui/use-role";
import { ActionMenu, ActionMenuItem } from "./ActionMenu";
import { useSetModerator } from "./use-set-moderator";

interface MessageMenuProps {
  message: Message;
  isMine: boolean;
  onClose: () => void;
}

/** The menu of one message, with the actions that this reader may take. It is mounted open. */
export default function MessageMenu({ message, isMine, onClose }: MessageMenuProps) {
  const { t } = useTranslation();
  const { roomId, feed, replyTo, editMessage, deleteMessage, reportMessage, askToBan, showPerson, toast } =
    useOpenRoom();
  const { ignored } = useServices();
  const isSignedIn = useViewer() !== null;
  const role = useRole();
  const isHost = role !== "guest";
  const isOverAuthor = useOutranks(message.author.id);
  const setPin = useSetPin();
  const setModerator = useSetModerator();
  const authorRole = roleIn(feed.getSnapshot().room, message.author.id);
  const isModerator = authorRole === "moderator";
  const isPinned = feed.getSnapshot().room?.pinned.some(({ id }) => id === message.id) === true;
  const copy = (text: string) =>
    void copyText(text).then(
      () => toast(t("message.copied")),
      () => toast(t("message.copyFailed")),
    );
  const link = `${location.origin}/rooms/${roomId}?at=${message.seq}`;
  return (
    <ActionMenu label={t("message.menu")} onClose={onClose}>
      {replyTo && (
        <ActionMenuItem icon={Reply} label={t("message.reply")} onSelect={() => replyTo(message)} />
      )}
      <ActionMenuItem icon={Copy} label={t("message.copy")} onSelect={() => copy(message.text)} />
      <ActionMenuItem icon={Link2} label={t("message.link")} onSelect={() => copy(link)} />
      {showPerson && (
        <ActionMenuItem
          icon={UserRound}
          label={t("message.person")}
          onSelect={() => showPerson(message.author)}
        />
      )}
      {isHost && (
        <ActionMenuItem
          icon={isPinned ? PinOff : Pin}
          label={t(isPinned ? "message.unpin" : "message.pin")}
          onSelect={() => void setPin(message, !isPinned)}
        />
      )}
      {isMine && (
        <ActionMenuItem icon={Pencil} label={t("message.edit")} onSelect={() => editMessage(message)} />
      )}
      {(isMine || isOverAuthor) && (
        <ActionMenuItem
          icon={Trash2}
          label={t("message.delete")}
          isDanger
          onSelect={() => deleteMessage(message)}
        />
      )}
      {!isMine && (
        <ActionMenuItem
          icon={EyeOff}
          label={t("message.ignore")}
          onSelect={() => {
            ignored.ignore(message.author);
            toast(t("message.ignored", { person: personInSentence(t, message.author) }));
          }}
        />
      )}
      {isSignedIn && !isMine && (
        <ActionMenuItem icon={Flag} label={t("message.report")} onSelect={() => reportMessage(message)} />
      )}
      {outranks(role, "moderator") && authorRole !== "owner" && (
        <ActionMenuItem
          icon={isModerator ? ShieldOff : ShieldCheck}
          label={t(isModerator ? "message.removeModerator" : "message.makeModerator")}
          onSelect={() => void setModerator(message.author, !isModerator)}
        />
      )}
      {isOverAuthor && (
        <ActionMenuItem
          icon={Ban}
          label={t("message.banSameText")}
          isDanger
          onSelect={() => askToBan({ message, scope: "same-text" })}
        />
      )}
    </ActionMenu>
  );
}
