import { Smile } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Contained } from "@/lib/Contained";
import { IconButton } from "@/lib/IconButton";
import { lazyPart } from "@/lib/lazy-part";
import { useOpenRoom } from "./room-context";

const EmojiPopover = lazyPart(() => import("./EmojiPopover"));

/** The picker and its data come with the first click. */
export function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const { t } = useTranslation();
  const { say } = useOpenRoom();
  const [isWanted, setIsWanted] = useState(false);
  const button = <IconButton icon={Smile} label={t("composer.emoji")} onClick={() => setIsWanted(true)} />;
  return isWanted ? (
    <Contained
      of={isWanted}
      fallback={button}
      onError={() => {
        setIsWanted(false);
        say(t("problem.partBroken"));
      }}
    >
      <EmojiPopover whileLoading={button} onPick={onPick} />
    </Contained>
  ) : (
    button
  );
}
