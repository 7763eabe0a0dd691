import { ReactionBar } from "@/features/reactions/ReactionBar";
import { Avatar } from "./Avatar";
import { LeftOutButton } from "./LeftOutButton";
import { MessageActions } from "./MessageActions";
import type { MessagePartsProps } from "./MessageArticle";
import { MessageBubble } from "./MessageBubble";
import { MessageHead } from "./MessageHead";
import { PinMark } from "./PinMark";
import { PostState } from "./PostState";
import * as css from "./compact-row.module.css";

/** The parts of one message in one line, in the same order as in a comfortable row. Every row has the name. */
export function CompactParts(props: MessagePartsProps) {
  const { row, exactTime, lock, openLeftOut } = props;
  const { message, isMine, isPinned, leftOut, post } = row;
  return (
    <>
      <div className={css.avatar}>
        <Avatar user={message.author} />
      </div>
      <div className={css.line}>
        <MessageHead {...props} className={css.head} isNamed>
          {isPinned && <PinMark />}
        </MessageHead>
        <MessageBubble message={message} lock={lock} title={exactTime} />
      </div>
      {post !== null ? (
        <div className={css.postCell} data-post={post.status}>
          <PostState post={post} />
        </div>
      ) : (
        <>
          <div className={css.actionsCell}>
            {!message.deleted && <MessageActions message={message} isMine={isMine} />}
          </div>
          <div className={css.reactionsCell}>
            <ReactionBar message={message} />
          </div>
        </>
      )}
      {leftOut !== null && (
        <div className={css.leftOutCell}>
          <LeftOutButton leftOut={leftOut} onClick={() => openLeftOut(leftOut.afterSeq)} />
        </div>
      )}
    </>
  );
}
