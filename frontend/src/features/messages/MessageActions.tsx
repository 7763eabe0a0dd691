import { Ellipsis, Reply } from "lucide-react";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { Contained } from "@/ui/Contained";
import { IconButton } from "@/ui/IconButton";
import { lazyComponent } from "@/ui/lazy-component";
import { kindName, ReactionIcon, useToggleReaction } from "@/features/reactions/ReactionBar";
import { useOpenRoom } from "@/ui/room-context";
import * as css from "./messages.module.css";

const MessageMenu = lazyComponent(() => import("./MessageMenu"));
const KINDS_AT_HAND = 3;

/** The actions of a message: reactions and reply as buttons, the rest in a menu. */
export const MessageActions = memo(function MessageActions({
  message,
  isMine,
}: {
  message: Message;
  isMine: boolean;
}) {
  const { t } = useTranslation();
  const { kinds, replyTo, view, toast } = useOpenRoom();
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  const toggle = useToggleReaction(message.id);
  const menuButton = (
    <IconButton
      icon={Ellipsis}
      size={15}
      label={t("message.menu")}
      aria-haspopup="menu"
      onClick={() => {
        view.dispatchPause({ type: "began", reason: "menu" });
        setIsMenuOpen(true);
      }}
    />
  );
  return (
    <div className={css.actions} data-testid="actions">
      {kinds.slice(0, KINDS_AT_HAND).map((kind) => (
        <button
          key={kind}
          type="button"
          className="icon-button"
          title={kindName(t, kind)}
          aria-label={`${t("message.react")}: ${kindName(t, kind)}`}
          onClick={() => toggle(kind)}
        >
          <ReactionIcon kind={kind} size={15} />
        </button>
      ))}
      <IconButton icon={Reply} size={15} label={t("message.reply")} onClick={() => replyTo(message)} />
      {isMenuOpen ? (
        <Contained
          of={message.id}
          fallback={menuButton}
          onError={() => {
            setIsMenuOpen(false);
            toast(t("problem.partBroken"));
          }}
        >
          <MessageMenu
            whileLoading={menuButton}
            message={message}
            isMine={isMine}
            onClose={() => setIsMenuOpen(false)}
          />
        </Contained>
      ) : (
        menuButton
      )}
    </div>
  );
});
