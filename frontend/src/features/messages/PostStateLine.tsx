import { Pencil, RotateCcw, TriangleAlert, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Post } from "@/lib/outbox/outbox";
import * as css from "./post-state.module.css";

interface FailedPostProps {
  reason: string;
  /** Null if sending again cannot help. */
  onRetry: (() => void) | null;
  /** Edit the text before it is sent again. */
  onCorrect: () => void;
  onDiscard: () => void;
}

export function FailedPost({ reason, onRetry, onCorrect, onDiscard }: FailedPostProps) {
  const { t } = useTranslation();
  return (
    <div className={`${css.postState} ${css.postFailed}`} role="alert">
      <TriangleAlert size={13} aria-hidden="true" /> <span>{reason}</span>
      {onRetry !== null && (
        <button type="button" className="text-button" onClick={onRetry}>
          <RotateCcw size={13} aria-hidden="true" /> <span>{t("message.retry")}</span>
        </button>
      )}
      <button type="button" className="text-button" onClick={onCorrect}>
        <Pencil size={13} aria-hidden="true" /> <span>{t("message.correct")}</span>
      </button>
      <button type="button" className="text-button" onClick={onDiscard}>
        <X size={13} aria-hidden="true" /> <span>{t("message.discard")}</span>
      </button>
    </div>
  );
}

interface PendingPostProps {
  status: Exclude<Post["status"], "failed">;
  /** Seconds until the next attempt of a waiting post. */
  seconds: number;
}

export function PendingPost({ status, seconds }: PendingPostProps) {
  const { t } = useTranslation();
  return <div className={css.postState}>{status !== "sent" && t(`message.${status}`, { seconds })}</div>;
}
