import { Smile } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/lib/IconButton";

const EmojiPopover = lazy(() => import("./EmojiPopover"));

/** The picker and its data come with the first click. */
export function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const { t } = useTranslation();
  const [isWanted, setIsWanted] = useState(false);
  const button = <IconButton icon={Smile} label={t("composer.emoji")} onClick={() => setIsWanted(true)} />;
  return isWanted ? (
    <Suspense fallback={button}>
      <EmojiPopover onPick={onPick} />
    </Suspense>
  ) : (
    button
  );
}
