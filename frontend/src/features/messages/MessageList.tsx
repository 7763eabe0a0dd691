import { useVirtualizer, type VirtualItem, type Virtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Contained } from "@/ui/Contained";
import { SMOOTH_SCROLL_PER_S } from "@/lib/room-view/commit-pace";
import type { RoomScreen } from "@/lib/room-view/room-view";
import type { Row } from "@/lib/room-view/rows";
import { shownName } from "@/lib/text/shown-name";
import { AwayBanner } from "./AwayBanner";
import { PAUSE_BUSY_PER_S, usePauseGestures } from "./use-pause-gestures";
import { MessageRow, PlainRow } from "./MessageRow";
import { dayName } from "@/lib/message-time";
import { PinnedBar } from "@/features/pins/PinnedBar";
import { useOpenRoom } from "@/ui/room-context";
import * as css from "./messages.module.css";

const OLDER_WHEN_ROWS_ABOVE = 8;
const SHORT_LIST_PX = 2_000;
const OLDER_UNASKED_MAX = 200; // a crowd's messages get few rows: nobody fetches history for that
const END_THRESHOLD_PX = 48;
const NEVER_AT_END_PX = -1;
const ESTIMATED_PX: Record<Row["kind"], number> = { start: 120, day: 40, message: 68 };

/** The room's messages. Moves only while nobody looks closer; keeps its place over everything else. `isBare`: nothing
 * lies over them. */
export function MessageList({ screen, isBare }: { screen: RoomScreen; isBare: boolean }) {
  const { t } = useTranslation();
  const { view, feed } = useOpenRoom();
  const scroller = useRef<HTMLDivElement>(null);
  const { rows, isPaused } = screen;
  const isSmooth = screen.messagesPerS <= SMOOTH_SCROLL_PER_S && !prefersReducedMotion();

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => ESTIMATED_PX[rows[index]?.kind ?? "message"],
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    anchorTo: "end",
    // Standing still is never "at the end": what comes below must not push what is in view.
    scrollEndThreshold: isPaused ? NEVER_AT_END_PX : END_THRESHOLD_PX,
    overscan: 8,
    paddingEnd: 12,
  });
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = isAboveTheFold;
  const items = virtualizer.getVirtualItems();
  const firstIndex = items[0]?.index ?? 0;

  const hasRows = rows.length > 0;
  const isFollowing = useRef(false);
  useLayoutEffect(() => {
    if (!isPaused && hasRows) {
      virtualizer.scrollToEnd({ behavior: isFollowing.current && isSmooth ? "smooth" : "auto" });
    }
    isFollowing.current = !isPaused && hasRows;
    // eslint-disable-next-line react-hooks/exhaustive-deps -- when rows come, and when the list is let go
  }, [rows, isPaused]);

  // A composer that grows, or a phone's keyboard, must not push the newest message out of view.
  useEffect(() => {
    const element = scroller.current;
    if (element === null || isPaused) return;
    const observer = new ResizeObserver(() => virtualizer.scrollToEnd());
    observer.observe(element);
    return () => observer.disconnect();
  }, [isPaused, virtualizer]);

  const { target } = screen;
  useLayoutEffect(() => {
    if (target === null) return;
    const at = rows.findLastIndex((row) => row.kind === "message" && row.message.seq <= target.seq);
    if (at >= 0) virtualizer.scrollToIndex(at, { align: "center" });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once per target
  }, [target]);

  const { canLoadNewer } = screen;
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (canLoadNewer && lastIndex >= rows.length - 2) void feed.loadNewer();
  }, [canLoadNewer, lastIndex, rows.length, feed]);

  const hasOlder = screen.feed.room?.hasOlder === true && screen.feed.older.status === "idle";
  const held = screen.feed.room?.messages.length ?? 0;
  const isShort = held < OLDER_UNASKED_MAX && virtualizer.getTotalSize() < SHORT_LIST_PX;
  useEffect(() => {
    if (hasOlder && firstIndex <= OLDER_WHEN_ROWS_ABOVE && (isPaused || isShort)) void feed.loadOlder();
  }, [hasOlder, firstIndex, isPaused, isShort, feed]);

  const firstRow = rows.slice(firstIndex).find((row) => row.kind === "message");
  const firstSeq = firstRow?.post === null ? firstRow.message.seq : null;
  useEffect(() => view.setFirstVisible(firstSeq), [view, firstSeq]);

  const gestures = usePauseGestures({
    scroller,
    dispatchPause: view.dispatchPause,
    isBusy: screen.messagesPerS >= PAUSE_BUSY_PER_S || screen.feed.room?.heat.hot === true,
    isPaused,
    isAtEnd: () => virtualizer.isAtEnd(2),
    toEnd: () => virtualizer.scrollToEnd(),
  });

  return (
    <div className={css.listFrame}>
      <div
        ref={scroller}
        className={css.list}
        role="log"
        aria-live="off"
        aria-label={t("room.messages")}
        tabIndex={0}
        data-paused={isPaused}
        {...gestures}
      >
        <div className={css.listInner} style={{ height: virtualizer.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div
                  key={item.key}
                  ref={virtualizer.measureElement}
                  data-index={item.index}
                  className={css.listItem}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <ListRow row={row} isTarget={row.kind === "message" && row.message.seq === target?.seq} />
                </div>
              )
            );
          })}
        </div>
      </div>
      {!isBare && (
        <div className={css.overList}>
          <Contained of={screen.feed.room?.pinned} fallback={null}>
            <PinnedBar screen={screen} />
          </Contained>
          <Contained of={screen.away} fallback={null}>
            <AwayBanner screen={screen} />
          </Contained>
        </div>
      )}
      <Chips screen={screen} isAtEnd={virtualizer.isAtEnd(2)} />
    </div>
  );
}

function ListRow({ row, isTarget }: { row: Row; isTarget: boolean }) {
  const { t, i18n } = useTranslation();
  const { feed } = useOpenRoom();
  const roomName = shownName(feed.getSnapshot().room?.name ?? "", t("room.untitled"));
  switch (row.kind) {
    case "start":
      return (
        <div className={css.roomStart} data-testid="room-start">
          <h2>{t("room.start", { room: roomName })}</h2>
          <p>{t("room.startHint")}</p>
        </div>
      );
    case "day":
      return (
        <div className={css.dayLine} role="separator" aria-label={dayName(row.dayMs, i18n.language)}>
          <span>{dayName(row.dayMs, i18n.language)}</span>
        </div>
      );
    case "message":
      return (
        <Contained of={row.message} fallback={<PlainRow row={row} />}>
          <MessageRow row={row} isTarget={isTarget} />
        </Contained>
      );
  }
}

/** What waits below while the list stands still, and the ways there. */
function Chips({ screen, isAtEnd }: { screen: RoomScreen; isAtEnd: boolean }) {
  const { t } = useTranslation();
  const { view, jumpTo } = useOpenRoom();
  const { messages, forMe } = screen.unread;
  const { lastPost } = screen;
  const isAllInView = messages === 0 && lastPost === null && isAtEnd;
  if (!screen.isPaused || isAllInView) return null;
  const toNewest = () => view.dispatchPause({ type: "back-to-newest" });
  const words = [
    messages > 0 ? t("feed.new", { count: messages }) : t("feed.toNewest"),
    forMe > 0 && t("feed.forYou", { count: forMe }),
  ];
  return (
    <div className={css.chips} data-testid="chips">
      <button type="button" className={`${css.newChip} tabular`} data-testid="new-chip" onClick={toNewest}>
        {words.filter(Boolean).join(", ")} <ArrowDown size={14} aria-hidden="true" />
      </button>
      {lastPost !== null && (
        <button
          type="button"
          className={css.ownChip}
          data-testid="own-chip"
          onClick={() => (lastPost.seq === null ? toNewest() : jumpTo(lastPost.seq))}
        >
          {t("feed.yours")}
        </button>
      )}
    </div>
  );
}

/** Whether a row's new height must not push what is in view. Left to itself the virtualizer lets that happen while its
 * reader scrolls up: just then history comes, and the row that was the first one loses its name. */
function isAboveTheFold(
  row: VirtualItem,
  _grownPx: number,
  { itemSizeCache, scrollOffset }: Virtualizer<HTMLDivElement, Element>,
): boolean {
  return (itemSizeCache.has(row.key) ? row.end - 1 : row.start) < (scrollOffset ?? 0);
}

const prefersReducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
