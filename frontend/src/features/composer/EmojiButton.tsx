import { Smile } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { IconButton } from "@/ui/IconButton";
import { lazyComponent } from "@/ui/lazy-component";
import { useOpenRoom } from "@/ui/room-context";

const EmojiPopover = lazyComponent(() => import("./EmojiPopover"));

/** Opens the emoji picker, which is loaded with its data on the first click. */
export function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const { t } = useTranslation();
  const { toast } = useOpenRoom();
  const [isWanted, setIsWanted] = useState(false);
  const [isOpen, setIsOpen] = useState(true); // once loaded
  const button = <IconButton icon={Smile} label={t("composer.emoji")} onClick={() => setIsWanted(true)} />;
  return isWanted ? (
    <ErrorBoundary
      resetKey={isWanted}
      fallback={button}
      onError={() => {
        setIsWanted(false);
        toast(t("problem.partBroken"));
      }}
    >
      <EmojiPopover
        whileLoading={button}
        onClose={() => setIsWanted(false)}
        isOpen={isOpen}
        onOpenChange={setIsOpen}
        onPick={onPick}
      />
    </ErrorBoundary>
  ) : (
    button
  );
}
