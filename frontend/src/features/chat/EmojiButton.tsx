import { Smile } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";

const EmojiPopover = lazy(() => import("./EmojiPopover"));

/** The picker and its data come with the first click. */
export function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const { t } = useTranslation();
  const [isWanted, setIsWanted] = useState(false);
  const button = (
    <button
      type="button"
      className="icon-button"
      aria-label={t("composer.emoji")}
      title={t("composer.emoji")}
      onClick={() => setIsWanted(true)}
    >
      <Smile size={18} aria-hidden="true" />
    </button>
  );
  return isWanted ? (
    <Suspense fallback={button}>
      <EmojiPopover onPick={onPick} />
    </Suspense>
  ) : (
    button
  );
}
