import type { VirtualItem } from "@tanstack/react-virtual";
import type { HTMLAttributes, RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { LocalTime } from "@/lib/local-time";
import type { RowDensity } from "@/lib/room-view/row-density";
import type { Row } from "@/lib/room-view/rows";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { MessageRow } from "./MessageRow";
import { PlainRow } from "./PlainRow";
import * as css from "./messages.module.css";

interface MessageLogProps {
  scroller: RefObject<HTMLDivElement | null>;
  /** Handlers of the pointer, the focus and the keys. */
  gestures: HTMLAttributes<HTMLDivElement>;
  isPaused: boolean;
  density: RowDensity;
  rows: readonly Row[];
  /** The rows that are in the page, and where. */
  items: readonly VirtualItem[];
  /** The height of all rows together. */
  heightPx: number;
  measure: (element: HTMLElement | null) => void;
  roomName: string;
  localTime: LocalTime;
  /** The message that the reader jumped to. */
  targetSeq: number | undefined;
  openLeftOut: (afterSeq: number) => void;
}

/** The scrolling list of rows. Rows outside the visible part are not in the page. */
export function MessageLog(props: MessageLogProps) {
  const { t } = useTranslation();
  const { rows, items, isPaused, density, targetSeq } = props;
  return (
    <div
      ref={props.scroller}
      className={css.list}
      role="log"
      aria-live="off"
      aria-label={t("room.messages")}
      tabIndex={0}
      data-paused={isPaused}
      data-rows={density}
      {...props.gestures}
    >
      <div className={css.listInner} style={{ height: props.heightPx }}>
        {items.map(({ index, key, start }) => {
          const row = rows[index];
          return (
            row && (
              <div
                key={key}
                ref={props.measure}
                data-index={index}
                className={css.listItem}
                style={{ transform: `translateY(${start}px)` }}
              >
                {row.kind === "message" ? (
                  <ErrorBoundary resetKey={row.message} fallback={<PlainRow row={row} />}>
                    <MessageRow
                      key={density} // heights that were locked at the other density do not apply
                      row={row}
                      density={density}
                      isTarget={row.message.seq === targetSeq}
                      localTime={props.localTime}
                      openLeftOut={props.openLeftOut}
                    />
                  </ErrorBoundary>
                ) : row.kind === "day" ? (
                  <DayLine day={props.localTime.dayName(row.dayMs)} />
                ) : (
                  <RoomStart roomName={props.roomName} />
                )}
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

function DayLine({ day }: { day: string }) {
  return (
    <div className={css.dayLine} role="separator" aria-label={day}>
      <span>{day}</span>
    </div>
  );
}

function RoomStart({ roomName }: { roomName: string }) {
  const { t } = useTranslation();
  return (
    <div className={css.roomStart} data-testid="room-start">
      <h2>{t("room.start", { room: roomName })}</h2>
      <p>{t("room.startHint")}</p>
    </div>
  );
}
