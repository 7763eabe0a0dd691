import { memo } from "react";
import type { LocalTime } from "@/lib/local-time";
import type { RowDensity } from "@/lib/room-view/row-density";
import type { MessageRowData } from "@/lib/room-view/rows";
import { useOpenRoom } from "@/ui/room-context";
import { useShownPerson } from "@/ui/user-text/use-shown-person";
import { MessageArticle } from "./MessageArticle";
import { useHeightLock } from "./use-height-lock";

interface MessageRowProps {
  row: MessageRowData;
  density: RowDensity;
  isTarget: boolean;
  localTime: LocalTime;
  /** Must not change between renders, or each commit renders every row. */
  openLeftOut: (afterSeq: number) => void;
}

/** One message of the list. Coordinates its author's name and its height; MessageArticle renders it. */
export const MessageRow = memo(
  function MessageRow({ row, density, isTarget, localTime, openLeftOut }: MessageRowProps) {
    const lock = useHeightLock(row.message, row.isMine);
    const { name, tag } = useShownPerson(row.message.author);
    const { authorMark } = useOpenRoom();
    return (
      <MessageArticle
        row={row}
        density={density}
        mark={authorMark?.(row.message) ?? null}
        author={tag === null ? name : `${name} #${tag}`}
        time={localTime.shortTime(row.message.created_at)}
        exactTime={localTime.exactTime(row.message.created_at)}
        isTarget={isTarget}
        lock={lock}
        openLeftOut={openLeftOut}
      />
    );
  },
  (before, after) =>
    before.density === after.density &&
    before.isTarget === after.isTarget &&
    before.localTime === after.localTime &&
    before.openLeftOut === after.openLeftOut &&
    isSameRow(before.row, after.row),
);

function isSameRow(a: MessageRowData, b: MessageRowData): boolean {
  return (
    a.message === b.message &&
    a.post === b.post &&
    a.isFirst === b.isFirst &&
    a.isMine === b.isMine &&
    a.isForMe === b.isForMe &&
    a.isPinned === b.isPinned &&
    a.leftOut?.count === b.leftOut?.count &&
    a.leftOut?.hasReplies === b.leftOut?.hasReplies
  );
}
