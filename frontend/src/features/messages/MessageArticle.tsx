import { Pin } from "lucide-react";
import { useTranslation } from "react-i18next";
import { ReactionBar } from "@/features/reactions/ReactionBar";
import type { MessageRowData } from "@/lib/room-view/rows";
import { PersonName } from "@/ui/user-text/PersonName";
import { AuthorMark } from "./AuthorMark";
import { Avatar } from "./Avatar";
import { LeftOutButton } from "./LeftOutButton";
import { MessageActions } from "./MessageActions";
import { MessageBubble } from "./MessageBubble";
import { PostState } from "./PostState";
import { RoleBadge } from "./RoleBadge";
import type { HeightLock } from "./use-height-lock";
import * as css from "./messages.module.css";

interface MessageArticleProps {
  row: MessageRowData;
  /** The author's name as shown, with a tag if another person has the same nickname. */
  author: string;
  /** A mark next to the name; null for none. */
  mark: string | null;
  /** The time of day. */
  time: string;
  /** Date and time. */
  exactTime: string;
  isTarget: boolean;
  lock: HeightLock;
  openLeftOut: (afterSeq: number) => void;
}

/** The parts of one message: avatar, name, time, bubble, actions and reactions. */
export function MessageArticle(props: MessageArticleProps) {
  const { t } = useTranslation();
  const { row, author, mark, time, exactTime, isTarget, lock, openLeftOut } = props;
  const { message, isMine, isFirst, isForMe, isPinned, leftOut, post } = row;
  const { role } = message.author;
  return (
    <article
      className={isFirst ? `${css.row} ${css.rowFirst}` : css.row}
      tabIndex={-1}
      data-mine={isMine || undefined}
      data-for-me={isForMe || undefined}
      data-target={isTarget || undefined}
      data-post={post?.status}
      data-message-id={message.id}
      data-seq={post === null ? message.seq : undefined}
      aria-label={[author, role && t(`role.${role}`), mark, time].filter(Boolean).join(", ")}
    >
      <div>{isFirst && !isMine && <Avatar user={message.author} />}</div>
      <div className={css.body}>
        {isFirst && (
          <header>
            {!isMine && <PersonName of={message.author} className="nickname" />}
            {role !== undefined && <RoleBadge role={role} />}
            {mark !== null && <AuthorMark words={mark} />}
            <time dateTime={message.created_at} title={exactTime}>
              {time}
            </time>
          </header>
        )}
        <div className={css.bubbleLine}>
          <MessageBubble message={message} lock={lock} title={exactTime} />
          {isPinned && <PinMark />}
          {!message.deleted && post === null && <MessageActions message={message} isMine={isMine} />}
        </div>
        {post === null ? <ReactionBar message={message} /> : <PostState post={post} />}
        {leftOut !== null && (
          <LeftOutButton count={leftOut.count} onClick={() => openLeftOut(leftOut.afterSeq)} />
        )}
      </div>
    </article>
  );
}

function PinMark() {
  const { t } = useTranslation();
  return (
    <span className={css.pinPlace}>
      <Pin className={css.pinMark} data-testid="pin-mark" size={16} aria-hidden="true" />
      <span className="visually-hidden">{t("pinned.mark")}</span>
    </span>
  );
}
