import { ReactionBar } from "@/features/reactions/ReactionBar";
import { Avatar } from "./Avatar";
import { LeftOutButton } from "./LeftOutButton";
import { MessageActions } from "./MessageActions";
import type { MessagePartsProps } from "./MessageArticle";
import { MessageBubble } from "./MessageBubble";
import { MessageHead } from "./MessageHead";
import { PinMark } from "./PinMark";
import { PostState } from "./PostState";
import * as css from "./messages.module.css";

/** The parts of one message: avatar, name and time, bubble, actions and reactions. Only the first of a group has the name. */
export function ComfortableParts(props: MessagePartsProps) {
  const { row, exactTime, lock, openLeftOut } = props;
  const { message, isMine, isFirst, isPinned, leftOut, post } = row;
  return (
    <>
      <div>{isFirst && !isMine && <Avatar user={message.author} />}</div>
      <div className={css.body}>
        {isFirst && <MessageHead {...props} isNamed={!isMine} />}
        <div className={css.bubbleLine}>
          <MessageBubble message={message} lock={lock} title={exactTime} />
          {isPinned && <PinMark />}
          {!message.deleted && post === null && <MessageActions message={message} isMine={isMine} />}
        </div>
        {post === null ? <ReactionBar message={message} /> : <PostState post={post} />}
        {leftOut !== null && (
          <LeftOutButton leftOut={leftOut} onClick={() => openLeftOut(leftOut.afterSeq)} />
        )}
      </div>
    </>
  );
}
