import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { harmlessText } from "@/lib/harmless-text";
import { drawMarkdown } from "@/lib/markdown";
import { useViewer } from "@/lib/services";

const FOLD_CHARACTERS = 700;
const FOLD_LINES = 10;
const ONLY_EMOJI =
  /^(?:\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic})*\s*){1,6}$/u;

/** A message's text: small Markdown, long ones folded, a few lone emoji large. */
export const MessageText = memo(function MessageText({ text }: { text: string }) {
  const { t } = useTranslation();
  const nickname = useViewer()?.nickname ?? "";
  const [isOpen, setIsOpen] = useState(false);
  const harmless = harmlessText(text);
  const isLong =
    harmless.length > FOLD_CHARACTERS || harmless.split("\n", FOLD_LINES + 1).length > FOLD_LINES;
  const isBig = ONLY_EMOJI.test(harmless);
  return (
    <>
      <div
        className={`text${isBig ? " text-emoji" : ""}${isLong && !isOpen ? " text-folded" : ""}`}
        dir="auto"
      >
        {drawMarkdown(harmless, nickname)}
      </div>
      {isLong && (
        <button
          type="button"
          className="text-button"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          {isOpen ? t("message.less") : t("message.more")}
        </button>
      )}
    </>
  );
});
