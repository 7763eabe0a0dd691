import { CircleAlert, Flame, LoaderCircle, WifiOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RoomState } from "@/lib/feed/room-state";
import type { ConnectionStatus, RoomStatus } from "./room-status";
import * as css from "./room.module.css";

const PACE_SHOWN_FROM_PER_S = 8;

const FLAME = <Flame size={13} aria-hidden="true" />;
const SPINNER = <LoaderCircle className="spin" size={13} aria-hidden="true" />;

const SHOWN = {
  live: [<span className={css.liveDot} aria-hidden="true" />, "feed.live"],
  connecting: [SPINNER, "feed.connecting"],
  failed: [SPINNER, "feed.connecting"],
  "catching-up": [SPINNER, "feed.catchingUp"],
  reconnecting: [<CircleAlert size={13} aria-hidden="true" />, "feed.reconnectingNow"],
  polling: [<CircleAlert size={13} aria-hidden="true" />, "feed.polling"],
  waiting: [<CircleAlert size={13} aria-hidden="true" />, "feed.polling"],
  throttled: [FLAME, "feed.throttled"],
  offline: [<WifiOff size={13} aria-hidden="true" />, "feed.offline"],
  "loading-older": [null, "feed.loadingOlder"],
  "older-throttled": [FLAME, "feed.older"],
} as const;

interface StatusBarProps {
  connection: ConnectionStatus;
  /** Whether to announce `connection`. */
  isTroubled: boolean;
  status: RoomStatus;
  /** Seconds until the page tries again. */
  seconds: number;
  messagesPerS: number;
  isSlowed: boolean;
  heat: RoomState["heat"] | undefined;
  onRetry: () => void;
}

/** Connection, pace and heat on one line of fixed height. */
export function StatusBar({ connection, isTroubled, status, seconds, onRetry, ...pace }: StatusBarProps) {
  const { t } = useTranslation();
  const { isSlowed, messagesPerS, heat } = pace;
  const paceWords = isSlowed
    ? t("feed.slowed")
    : messagesPerS > PACE_SHOWN_FROM_PER_S
      ? t("feed.pace", { count: Math.round(messagesPerS) })
      : null;
  return (
    <div className={css.statusLine} data-connection={connection}>
      <span className="visually-hidden" role="status">
        {/* Announced once: without the seconds, which change. */}
        {isTroubled && t(connection === "throttled" ? "room.hot" : SHOWN[connection][1])}
      </span>
      <span data-testid="status-connection">
        <Status status={status} seconds={seconds} onRetry={onRetry} />
      </span>
      <span className="tabular" data-testid="status-heat">
        {paceWords !== null && <span>{paceWords}</span>}
        {heat?.hot === true && (
          <span
            className={css.hotBadge}
            data-testid="hot-badge"
            title={t("room.hotHelp", { count: Math.round(heat.fetches_per_s) })}
          >
            <Flame size={13} aria-hidden="true" /> <span>{t("room.hot")}</span>
          </span>
        )}
      </span>
    </div>
  );
}

function Status({ status, seconds, onRetry }: Pick<StatusBarProps, "status" | "seconds" | "onRetry">) {
  const { t } = useTranslation();
  const [icon, words] = SHOWN[status];
  const isWaiting = status === "reconnecting" && seconds > 0;
  return (
    <>
      {icon} <span>{t(isWaiting ? "feed.reconnecting" : words, { seconds })}</span>
      {status === "reconnecting" && (
        <button type="button" className="text-button" onClick={onRetry}>
          {t("feed.retry")}
        </button>
      )}
    </>
  );
}
