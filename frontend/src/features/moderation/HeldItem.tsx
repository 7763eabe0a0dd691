import { useTranslation } from "react-i18next";
import type { ListedHeld } from "@/lib/contract/types";
import { QueueItemFrame } from "./QueueItemFrame";

export interface HeldItemProps {
  message: ListedHeld;
  time: string;
  mark: string | null;
  onPerson: () => void;
  outcome: string | null;
  onAllow: () => void;
  onRefuse: () => void;
  /** Bans everybody who sent the text. */
  onBan: () => void;
}

/** A held message with its buttons. Their `aria-keyshortcuts` are the keys that press them. */
export function HeldItem({
  message,
  time,
  mark,
  outcome,
  onPerson,
  onAllow,
  onRefuse,
  onBan,
}: HeldItemProps) {
  const { t } = useTranslation("hosts");
  return (
    <QueueItemFrame
      author={message.author}
      text={message.text}
      mark={mark}
      onPerson={onPerson}
      about={<span>{t(`moderate.heldBy.${message.filter}`, { time })}</span>}
      outcome={outcome}
    >
      <button type="button" className="primary-button" aria-keyshortcuts="a" onClick={onAllow}>
        {t("moderate.allow")}
      </button>
      <button type="button" className="quiet-button" aria-keyshortcuts="x" onClick={onRefuse}>
        {t("moderate.refuse")}
      </button>
      <button type="button" className="quiet-button" aria-keyshortcuts="b" onClick={onBan}>
        {t("moderate.banSenders")}
      </button>
    </QueueItemFrame>
  );
}
