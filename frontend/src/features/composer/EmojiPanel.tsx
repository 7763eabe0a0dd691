import { EmojiPicker, type EmojiPickerListEmojiProps, type EmojiPickerListRowProps } from "frimousse";
import { Smile } from "lucide-react";
import { Popover } from "radix-ui";
import { useTranslation } from "react-i18next";
import { emojiLocale } from "@/lib/completion/emoji-names";
import type { EmojiDataState } from "./use-emoji-data";
import * as css from "./composer.module.css";

export interface EmojiPopoverProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onPick: (emoji: string) => void;
}

/** The emoji picker with names in the reader's language. */
export function EmojiPanel({
  isOpen,
  onOpenChange,
  onPick,
  data,
}: EmojiPopoverProps & { data: EmojiDataState }) {
  const { t, i18n } = useTranslation();
  return (
    <Popover.Root open={isOpen} onOpenChange={onOpenChange}>
      <Popover.Trigger className="icon-button" aria-label={t("composer.emoji")} title={t("composer.emoji")}>
        <Smile size={18} aria-hidden="true" />
      </Popover.Trigger>
      <Popover.Portal container={document.querySelector("main")}>
        <Popover.Content
          className={`popover ${css.emojiPopover}`}
          aria-label={t("composer.emoji")}
          align="end"
          sideOffset={8}
          collisionPadding={8}
        >
          {data.isFailed ? (
            <p className={css.emojiFailure} role="alert">
              <span>{t("composer.emojiFailed")}</span>{" "}
              <button type="button" className="text-button" onClick={data.retry}>
                {t("feed.retry")}
              </button>
            </p>
          ) : (
            <EmojiPicker.Root
              key={data.attempt}
              locale={emojiLocale(i18n.language)}
              emojibaseUrl="/emojibase"
              resolveEmojiData={data.resolve}
              onEmojiSelect={({ emoji }) => {
                onPick(emoji);
                onOpenChange(false);
              }}
            >
              <EmojiPicker.Search placeholder={t("composer.emojiSearch")} aria-label={t("composer.emoji")} />
              <EmojiPicker.Viewport className={css.emojiViewport}>
                <EmojiPicker.Loading />
                <EmojiPicker.Empty>∅</EmojiPicker.Empty>
                <EmojiPicker.List components={{ Row, Emoji }} />
              </EmojiPicker.Viewport>
            </EmojiPicker.Root>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** The picker counts rows and columns from 0, ARIA from 1. */
function Row({ children, ...props }: EmojiPickerListRowProps) {
  return (
    <div {...props} aria-rowindex={(props["aria-rowindex"] ?? 0) + 1}>
      {children}
    </div>
  );
}

function Emoji({ emoji, ...props }: EmojiPickerListEmojiProps) {
  return (
    <button type="button" {...props} aria-colindex={(props["aria-colindex"] ?? 0) + 1}>
      {emoji.emoji}
    </button>
  );
}
