import { CornerDownRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { OneLine } from "@/ui/user-text/OneLine";
import { PersonName } from "@/ui/user-text/PersonName";
import * as css from "./quote.module.css";

interface QuoteLineProps {
  /** Undefined while it is unknown, or if it cannot be fetched. */
  message: Message | undefined;
  jumpTo: (seq: number) => void;
}

/** A quoted message on one line. */
export function QuoteLine({ message, jumpTo }: QuoteLineProps) {
  const { t } = useTranslation();
  if (message === undefined) {
    return (
      <span className={css.quoted} data-testid="quoted">
        <CornerDownRight size={13} aria-hidden="true" /> <span>{t("message.gone")}</span>
      </span>
    );
  }
  return (
    <button type="button" className={css.quoted} data-testid="quoted" onClick={() => jumpTo(message.seq)}>
      <CornerDownRight size={13} aria-hidden="true" />
      <PersonName of={message.author} className={css.quotedName} />
      {message.deleted ? (
        <bdi className={css.quotedText}>{t("message.deleted")}</bdi>
      ) : (
        <OneLine of={message.text} className={css.quotedText} />
      )}
    </button>
  );
}
