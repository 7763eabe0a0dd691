import { EmojiPicker } from "frimousse";
import { Smile } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";

/** All emoji, by name in the reader's language; the data comes from our own origin. */
export default function EmojiPopover({ onPick }: { onPick: (emoji: string) => void }) {
  const { t, i18n } = useTranslation();
  const [isOpen, setIsOpen] = useState(true);
  const locale = i18n.language.startsWith("ko") ? "ko" : i18n.language.startsWith("ja") ? "ja" : "en";
  return (
    <Popover.Root open={isOpen} onOpenChange={setIsOpen}>
      <Popover.Trigger className="icon-button" aria-label={t("composer.emoji")} title={t("composer.emoji")}>
        <Smile size={18} aria-hidden="true" />
      </Popover.Trigger>
      <Popover.Portal container={document.querySelector("main")}>
        <Popover.Content className="emoji-popover" align="end" sideOffset={8} collisionPadding={8}>
          <EmojiPicker.Root
            locale={locale}
            emojibaseUrl="/emojibase"
            onEmojiSelect={({ emoji }) => {
              onPick(emoji);
              setIsOpen(false);
            }}
          >
            <EmojiPicker.Search className="emoji-search" aria-label={t("composer.emoji")} />
            <EmojiPicker.Viewport className="emoji-viewport">
              <EmojiPicker.Loading />
              <EmojiPicker.Empty>∅</EmojiPicker.Empty>
              <EmojiPicker.List />
            </EmojiPicker.Viewport>
          </EmojiPicker.Root>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
