import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { OneLine, PersonName } from "@/ui/user-text/UserText";
import { exactTime } from "@/lib/message-time";
import { useOpenRoom } from "./room-context";

/** A message in a dialog's list: who, when and its first lines; a click goes there. */
export function MessageLink({ message, onGone }: { message: Message; onGone: () => void }) {
  const { jumpTo } = useOpenRoom();
  const { i18n } = useTranslation();
  return (
    <button
      type="button"
      className="message-link"
      onClick={() => {
        jumpTo(message.seq);
        onGone();
      }}
    >
      <span className="message-link-from">
        <PersonName of={message.author} className="nickname" />
        <time dateTime={message.created_at}>{exactTime(message.created_at, i18n.language)}</time>
      </span>
      <OneLine of={message.text} max={400} className="message-link-text" />
    </button>
  );
}
