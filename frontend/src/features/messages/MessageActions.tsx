import { Ellipsis } from "lucide-react";
import { memo, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { useToggleReaction } from "@/features/reactions/use-toggle-reaction";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { IconButton } from "@/ui/IconButton";
import { lazyComponent } from "@/ui/lazy-component";
import { useOpenRoom } from "@/ui/room-context";
import { useOutranks } from "@/ui/use-role";
import { ActionButtons } from "./ActionButtons";

const MessageMenu = lazyComponent(() => import("./MessageMenu"));
const KINDS_AT_HAND = 3;

/** The actions of a message: reactions and reply as buttons, the rest in a menu that is loaded on the first click. */
export const MessageActions = memo(function MessageActions({
  message,
  isMine,
}: {
  message: Message;
  isMine: boolean;
}) {
  const { t } = useTranslation();
  const { kinds, replyTo, askToBan, view, toast } = useOpenRoom();
  const mayBan = useOutranks(message.author.id);
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  const toggle = useToggleReaction(message.id);
  useEffect(() => {
    if (!isMenuOpen) return;
    view.dispatchPause({ type: "began", reason: "menu" });
    return () => view.dispatchPause({ type: "ended", reason: "menu" });
  }, [isMenuOpen, view]);
  const menuButton = (
    <IconButton
      icon={Ellipsis}
      size={15}
      label={t("message.menu")}
      aria-haspopup="menu"
      onClick={() => setIsMenuOpen(true)}
    />
  );
  return (
    <ActionButtons
      kinds={kinds.slice(0, KINDS_AT_HAND)}
      onReact={toggle}
      onReply={replyTo === null ? undefined : () => replyTo(message)}
      onBan={mayBan ? () => askToBan({ author: message.author, scope: "author" }) : undefined}
      // The list pauses at once. Otherwise a message that arrives before the click could move another row under the pointer.
      onAimBan={() => view.dispatchPause({ type: "began", reason: "hover" })}
    >
      {isMenuOpen ? (
        <ErrorBoundary
          resetKey={message.id}
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
        </ErrorBoundary>
      ) : (
        menuButton
      )}
    </ActionButtons>
  );
});
