import { useTranslation } from "react-i18next";
import type { RowDensity } from "@/lib/room-view/row-density";
import type { MessageRowData } from "@/lib/room-view/rows";
import { ComfortableParts } from "./ComfortableParts";
import { CompactParts } from "./CompactParts";
import type { HeightLock } from "./use-height-lock";
import * as compact from "./compact-row.module.css";
import * as css from "./messages.module.css";

export interface MessagePartsProps {
  row: MessageRowData;
  /** A mark next to the name; null for none. */
  mark: string | null;
  /** The time of day. */
  time: string;
  /** Date and time. */
  exactTime: string;
  lock: HeightLock;
  openLeftOut: (afterSeq: number) => void;
}

interface MessageArticleProps extends MessagePartsProps {
  /** The author's name as shown, with a tag if another person has the same nickname. */
  author: string;
  density: RowDensity;
  isTarget: boolean;
}

/** One message: its parts, comfortable or compact, and its label, which is the same for both. */
export function MessageArticle({ author, density, isTarget, ...parts }: MessageArticleProps) {
  const { t } = useTranslation();
  const { row, mark, time } = parts;
  const { message, isMine, isFirst, isForMe, post } = row;
  const { role } = message.author;
  const isCompact = density === "compact";
  return (
    <article
      className={isCompact ? compact.row : isFirst ? `${css.row} ${css.rowFirst}` : css.row}
      tabIndex={-1}
      data-density={density}
      data-mine={isMine || undefined}
      data-for-me={isForMe || undefined}
      data-target={isTarget || undefined}
      data-post={post?.status}
      data-message-id={message.id}
      data-seq={post === null ? message.seq : undefined}
      aria-label={[author, role && t(`role.${role}`), mark, time].filter(Boolean).join(", ")}
    >
      {isCompact ? <CompactParts {...parts} /> : <ComfortableParts {...parts} />}
    </article>
  );
}
