import { Ban, Reply } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { kindName } from "@/features/reactions/kind-name";
import { ReactionIcon } from "@/features/reactions/ReactionIcon";
import { IconButton } from "@/ui/IconButton";
import * as css from "./row-actions.module.css";

interface ActionButtonsProps {
  /** The kinds of reaction that get a button. */
  kinds: readonly string[];
  onReact: (kind: string) => void;
  /** Undefined for readers who cannot write. */
  onReply: (() => void) | undefined;
  /** Undefined for readers who may not ban the author. */
  onBan: (() => void) | undefined;
  /** The pointer is over the button that bans. */
  onAimBan: () => void;
  /** The menu, or the button that opens it. */
  children: ReactNode;
}

export function ActionButtons({ kinds, onReact, onReply, onBan, onAimBan, children }: ActionButtonsProps) {
  const { t } = useTranslation();
  return (
    <div className={css.actionsPlace}>
      <div className={css.actions} data-testid="actions">
        {kinds.map((kind) => (
          <button
            key={kind}
            type="button"
            className="icon-button"
            title={kindName(t, kind)}
            aria-label={`${t("message.react")}: ${kindName(t, kind)}`}
            onClick={() => onReact(kind)}
          >
            <ReactionIcon kind={kind} size={15} />
          </button>
        ))}
        {onReply && <IconButton icon={Reply} size={15} label={t("message.reply")} onClick={onReply} />}
        {onBan && (
          <IconButton
            icon={Ban}
            size={15}
            label={t("message.ban")}
            onPointerEnter={onAimBan}
            onClick={onBan}
          />
        )}
        {children}
      </div>
    </div>
  );
}
