import { Pin, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { IconButton } from "@/ui/IconButton";
import { OneLine } from "@/ui/user-text/OneLine";
import { PersonName } from "@/ui/user-text/PersonName";
import * as css from "./pins.module.css";

interface PinnedLineProps {
  message: Message;
  onOpen: () => void;
  onHide: () => void;
}

/** A pinned message on one line: a button that opens it, and one that hides the line. */
export function PinnedLine({ message, onOpen, onHide }: PinnedLineProps) {
  const { t } = useTranslation();
  return (
    <section className={css.pinnedBar} data-testid="pinned-bar" aria-label={t("pinned.title")}>
      <button type="button" className={css.pinnedLine} onClick={onOpen}>
        <Pin size={14} aria-hidden="true" />
        <PersonName of={message.author} className="nickname" />
        <OneLine of={message.text} className={css.pinnedText} />
      </button>
      <IconButton icon={X} size={14} label={t("pinned.hide")} onClick={onHide} />
    </section>
  );
}
