import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { harmlessText } from "@/lib/harmless-text";
import { plainLine } from "@/lib/text/words";
import { exactTime } from "./message-time";
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
        <bdi className="nickname">{harmlessText(message.author.nickname)}</bdi>
        <time dateTime={message.created_at}>{exactTime(message.created_at, i18n.language)}</time>
      </span>
      <bdi className="message-link-text">{plainLine(message.text, 400)}</bdi>
    </button>
  );
}
