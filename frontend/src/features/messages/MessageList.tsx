import { useCallback, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { PinnedBar } from "@/features/pins/PinnedBar";
import { errorMessage } from "@/lib/api/error-message";
import { HOVER_PAUSE_MS } from "@/lib/room-view/list-pause";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { nameInSentence } from "@/lib/text/shown-name";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { useOpenRoom } from "@/ui/room-context";
import { useLocalTime } from "@/ui/use-local-time";
import { useRole } from "@/ui/use-role";
import { ListFrame } from "./ListFrame";
import { MessageLog } from "./MessageLog";
import { UnreadChips } from "./UnreadChips";
import { useListScroll } from "./use-list-scroll";
import { useLoadHistory } from "./use-load-history";
import { PAUSE_BUSY_PER_S, usePauseGestures } from "./use-pause-gestures";
import { useRowVirtualizer } from "./use-row-virtualizer";

const AwayBanner = lazyComponent(() => import("./AwayBanner"));

/** The room's messages. Coordinates which rows are in the page, scrolling, history and pauses. `isBare`: without the
 * pinned bar and the away banner over the list. */
export function MessageList({ screen, isBare }: { screen: RoomScreen; isBare: boolean }) {
  const { t } = useTranslation();
  const { view, jumpTo, toast } = useOpenRoom();
  const localTime = useLocalTime();
  const isHost = useRole() !== "guest";
  const scroller = useRef<HTMLDivElement>(null);
  const { rows, isPaused, away, unread, lastPost, density } = screen;
  const { room } = screen.feed;
  const virtualizer = useRowVirtualizer({ scroller, rows, isPaused, density });
  useListScroll(scroller, virtualizer, screen);
  useLoadHistory(virtualizer, screen);

  const items = virtualizer.getVirtualItems();
  const firstMessage = rows.slice(items[0]?.index ?? 0).find((row) => row.kind === "message");
  const firstSeq = firstMessage?.post === null ? firstMessage.message.seq : null;
  useEffect(() => view.setFirstVisible(firstSeq), [view, firstSeq]);

  const gestures = usePauseGestures({
    scroller,
    dispatchPause: view.dispatchPause,
    isBusy: screen.messagesPerS >= PAUSE_BUSY_PER_S || room?.heat.hot === true,
    isPaused,
    // A row's actions appear after 100 ms. From then on, no other row may move under a host's pointer.
    hoverPauseMs: isHost ? 0 : HOVER_PAUSE_MS,
    isAtEnd: () => virtualizer.isAtEnd(2),
    position: () => ({ topPx: virtualizer.scrollOffset ?? 0, heightPx: virtualizer.getTotalSize() }),
    toEnd: () => virtualizer.scrollToEnd(),
  });

  const openLeftOut = useCallback(
    (afterSeq: number) => {
      view.open(afterSeq).catch((error: unknown) => toast(errorMessage(t, error, t("feed.leftOutFailed"))));
    },
    [view, toast, t],
  );

  const toNewest = () => view.dispatchPause({ type: "back-to-newest" });
  const ownSeq = lastPost?.seq ?? null;
  const toOwnPost = lastPost === null ? undefined : ownSeq === null ? toNewest : () => jumpTo(ownSeq);
  const isAllInView = unread.messages === 0 && lastPost === null && virtualizer.isAtEnd(2);
  return (
    <ListFrame
      over={
        !isBare && (
          <>
            <ErrorBoundary resetKey={room?.pinned} fallback={null}>
              <PinnedBar screen={screen} />
            </ErrorBoundary>
            <ErrorBoundary resetKey={away} fallback={null}>
              {away !== null && (
                <AwayBanner
                  away={away}
                  onShow={() => {
                    jumpTo(away.fromSeq);
                    view.dismissAway();
                  }}
                  onDismiss={view.dismissAway}
                />
              )}
            </ErrorBoundary>
          </>
        )
      }
      chips={
        isPaused && !isAllInView && <UnreadChips unread={unread} onNewest={toNewest} onOwnPost={toOwnPost} />
      }
    >
      <MessageLog
        scroller={scroller}
        gestures={gestures}
        isPaused={isPaused}
        density={density}
        rows={rows}
        items={items}
        heightPx={virtualizer.getTotalSize()}
        measure={virtualizer.measureElement}
        roomName={nameInSentence(room?.name ?? "", t("room.untitled"))}
        localTime={localTime}
        targetSeq={screen.target?.seq}
        openLeftOut={openLeftOut}
      />
    </ListFrame>
  );
}
