import { CircleAlert, Flame, LoaderCircle, WifiOff } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import { useCountdown } from "@/ui/use-countdown";
import * as css from "./room.module.css";

const TROUBLE_AFTER_MS = 2_000;
const PACE_SHOWN_FROM_PER_S = 8;

// What a screen reader hears of trouble: once, without the seconds that count down beside it.
const SAID_OF = {
  connecting: "feed.connecting",
  "catching-up": "feed.catchingUp",
  reconnecting: "feed.reconnectingNow",
  throttled: "room.hot",
  live: "feed.live",
  failed: "feed.connecting",
} as const;

/** Connection and heat on one line of fixed height. Trouble is told once it has lasted two seconds. */
export function StatusLine({ screen }: { screen: RoomScreen }) {
  const { t } = useTranslation();
  const { connection, older } = screen.feed;
  const isOnline = useIsOnline();
  const isTroubled = useDelayedTrue(connection.status !== "live" || !isOnline);
  const hot = screen.feed.room?.heat;
  return (
    <div className={css.statusLine} data-connection={isOnline ? connection.status : "offline"}>
      <span className="visually-hidden" role="status">
        {isTroubled && t(isOnline ? SAID_OF[connection.status] : "feed.offline")}
      </span>
      <span data-testid="status-connection">
        {isTroubled ? (
          <Trouble screen={screen} isOnline={isOnline} />
        ) : older.status === "throttled" ? (
          <OlderWait retryAtMs={older.retryAtMs} />
        ) : older.status === "loading" ? (
          t("feed.loadingOlder")
        ) : (
          <>
            <span className={css.liveDot} aria-hidden="true" /> {t("feed.live")}
          </>
        )}
      </span>
      <span className="tabular" data-testid="status-heat">
        {screen.isSlowed
          ? t("feed.slowed")
          : screen.messagesPerS > PACE_SHOWN_FROM_PER_S &&
            t("feed.pace", { count: Math.round(screen.messagesPerS) })}
        {hot?.hot === true && (
          <span
            className={css.hotBadge}
            data-testid="hot-badge"
            title={t("room.hotHelp", { count: Math.round(hot.fetches_per_s) })}
          >
            <Flame size={13} aria-hidden="true" /> {t("room.hot")}
          </span>
        )}
      </span>
    </div>
  );
}

function Trouble({ screen, isOnline }: { screen: RoomScreen; isOnline: boolean }) {
  const { t } = useTranslation();
  const { feed } = useOpenRoom();
  const { connection } = screen.feed;
  const seconds = useCountdown("retryAtMs" in connection ? connection.retryAtMs : null);
  if (!isOnline) {
    return (
      <>
        <WifiOff size={13} aria-hidden="true" /> {t("feed.offline")}
      </>
    );
  }
  switch (connection.status) {
    case "reconnecting":
      return (
        <>
          <CircleAlert size={13} aria-hidden="true" />
          {seconds > 0 ? t("feed.reconnecting", { seconds }) : t("feed.reconnectingNow")}
          <button type="button" className="text-button" onClick={feed.retryNow}>
            {t("feed.retry")}
          </button>
        </>
      );
    case "throttled":
      return (
        <>
          <Flame size={13} aria-hidden="true" /> {t("feed.throttled", { seconds })}
        </>
      );
    case "catching-up":
      return (
        <>
          <LoaderCircle className="spin" size={13} aria-hidden="true" /> {t("feed.catchingUp")}
        </>
      );
    default:
      return (
        <>
          <LoaderCircle className="spin" size={13} aria-hidden="true" /> {t("feed.connecting")}
        </>
      );
  }
}

function OlderWait({ retryAtMs }: { retryAtMs: number }) {
  const { t } = useTranslation();
  const seconds = useCountdown(retryAtMs);
  return (
    <>
      <Flame size={13} aria-hidden="true" /> {t("feed.older", { seconds })}
    </>
  );
}

/** True once `isSo` has been true without a break for two seconds. */
function useDelayedTrue(isSo: boolean): boolean {
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    if (!isSo) {
      setLasts(false);
      return;
    }
    const timer = setTimeout(() => setLasts(true), TROUBLE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [isSo]);
  return lasts && isSo;
}

function useIsOnline(): boolean {
  return useSyncExternalStore(
    (changed) => {
      window.addEventListener("online", changed);
      window.addEventListener("offline", changed);
      return () => {
        window.removeEventListener("online", changed);
        window.removeEventListener("offline", changed);
      };
    },
    () => navigator.onLine,
  );
}
