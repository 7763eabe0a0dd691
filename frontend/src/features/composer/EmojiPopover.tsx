import { EmojiPicker, type EmojiPickerListEmojiProps, type EmojiPickerListRowProps } from "frimousse";
import { Smile } from "lucide-react";
import { Popover } from "radix-ui";
import { useTranslation } from "react-i18next";
import { emojiLocale } from "@/lib/completion/emoji-names";
import * as css from "./composer.module.css";

interface EmojiPopoverProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onPick: (emoji: string) => void;
}

/** The emoji picker with names in the reader's language. Its data comes from the page's own origin. */
export default function EmojiPopover({ isOpen, onOpenChange, onPick }: EmojiPopoverProps) {
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
          <EmojiPicker.Root
            locale={emojiLocale(i18n.language)}
            emojibaseUrl="/emojibase"
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
