import { Pin, RotateCcw, TriangleAlert, X } from "lucide-react";
import { memo, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Contained } from "@/ui/Contained";
import type { Message } from "@/lib/contract/types";
import { SESSION_OVER, type Post } from "@/lib/outbox/outbox";
import type { Row } from "@/lib/room-view/rows";
import { useServices } from "@/ui/services-context";
import { PersonName, useShownPerson } from "@/ui/user-text/UserText";
import { Avatar } from "./Avatar";
import { MessageActions } from "./MessageActions";
import { exactTime, shortTime } from "@/lib/message-time";
import { MessageText, PlainText } from "@/ui/user-text/MessageText";
import { QuotedMessage } from "./QuotedMessage";
import { ReactionBar } from "@/features/reactions/ReactionBar";
import { useOpenRoom } from "@/ui/room-context";
import { useCountdown } from "@/ui/use-countdown";
import * as css from "./messages.module.css";

type MessageRowData = Extract<Row, { kind: "message" }>;

export const MessageRow = memo(
  function MessageRow({ row, isTarget }: { row: MessageRowData; isTarget: boolean }) {
    const { i18n } = useTranslation();
    const { message, isMine, isFirst, isForMe, isPinned, post } = row;
    const { bubbleRef, lock, unlock } = useHeightLock(message, isMine);
    const { name, tag } = useShownPerson(message.author);
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
        aria-label={`${tag === null ? name : `${name} #${tag}`}, ${shortTime(message.created_at, i18n.language)}`}
      >
        <div>{isFirst && !isMine && <Avatar user={message.author} />}</div>
        <div className={css.body}>
          {isFirst && (
            <header>
              {!isMine && <PersonName of={message.author} className="nickname" />}
              <time dateTime={message.created_at} title={exactTime(message.created_at, i18n.language)}>
                {shortTime(message.created_at, i18n.language)}
              </time>
            </header>
          )}
          <div className={css.bubbleLine}>
            <div
              ref={bubbleRef}
              className={`${css.bubble} ${message.deleted ? css.bubbleDeleted : ""} ${lock === null ? "" : css.bubbleLocked}`}
              data-testid="bubble"
              style={lock === null ? undefined : { height: lock }}
              title={exactTime(message.created_at, i18n.language)}
            >
              <Bubble message={message} lock={lock} unlock={unlock} />
            </div>
            {isPinned && <PinMark />}
            {!message.deleted && post === null && <MessageActions message={message} isMine={isMine} />}
          </div>
          {post === null ? <ReactionBar message={message} /> : <PostState post={post} />}
          {row.leftOut !== null && (
            <LeftOutButton count={row.leftOut.count} afterSeq={row.leftOut.afterSeq} />
          )}
        </div>
      </article>
    );
  },
  (before, after) => before.isTarget === after.isTarget && isSameRow(before.row, after.row),
);

function isSameRow(a: MessageRowData, b: MessageRowData): boolean {
  return (
    a.message === b.message &&
    a.post === b.post &&
    a.isFirst === b.isFirst &&
    a.isMine === b.isMine &&
    a.isForMe === b.isForMe &&
    a.isPinned === b.isPinned &&
    a.leftOut?.count === b.leftOut?.count
  );
}

/** The fallback of a row that failed to render: the plain text and the actions. */
export function PlainRow({ row: { message, isMine, post } }: { row: MessageRowData }) {
  const { t } = useTranslation();
  return (
    <article
      className={`${css.row} ${css.rowFirst}`}
      data-testid="plain-row"
      tabIndex={-1}
      data-message-id={message.id}
      data-seq={post === null ? message.seq : undefined}
    >
      <div />
      <div className={css.body}>
        <header>
          <PersonName of={message.author} className="nickname" />
        </header>
        <div className={css.bubbleLine}>
          <div className={css.bubble}>
            {message.deleted ? (
              <p className="quiet">{t("message.deleted")}</p>
            ) : (
              <PlainText text={message.text} />
            )}
          </div>
          {!message.deleted && post === null && <MessageActions message={message} isMine={isMine} />}
        </div>
        {post !== null && <PostState post={post} />}
      </div>
    </article>
  );
}

function PinMark() {
  const { t } = useTranslation();
  return (
    <>
      <Pin className={css.pinMark} data-testid="pin-mark" size={16} aria-hidden="true" />
      <span className="visually-hidden">{t("pinned.mark")}</span>
    </>
  );
}

function Bubble({ message, lock, unlock }: { message: Message; lock: number | null; unlock: () => void }) {
  const { t } = useTranslation();
  if (message.deleted) return <p className="quiet">{t("message.deleted")}</p>;
  return (
    <>
      {message.reply_to !== null && (
        <Contained of={message.reply_to} fallback={null}>
          <QuotedMessage messageId={message.reply_to} />
        </Contained>
      )}
      <MessageText text={message.text} />
      {message.edited_at !== null &&
        (lock === null ? (
          <span className={css.edited}>{t("message.edited")}</span>
        ) : (
          <button type="button" className={css.editedShow} onClick={unlock}>
            {t("message.editedShow")}
          </button>
        ))}
    </>
  );
}

/** A row keeps its height when another person edits or deletes it; the reader decides when to expand it. */
function useHeightLock(message: Message, isMine: boolean) {
  const bubbleRef = useRef<HTMLDivElement>(null);
  const height = useRef<number | null>(null);
  const seen = useRef({ text: message.text, deleted: message.deleted });
  const [lock, setLock] = useState<number | null>(null);
  useLayoutEffect(() => {
    const bubble = bubbleRef.current;
    const changed = seen.current.text !== message.text || seen.current.deleted !== message.deleted;
    seen.current = { text: message.text, deleted: message.deleted };
    if (changed && !isMine && height.current !== null && heightOf(bubble) !== height.current) {
      setLock(height.current);
    } else if (bubble !== null) {
      height.current = heightOf(bubble);
    }
  }, [message, isMine]);
  return { bubbleRef, lock, unlock: () => setLock(null) };
}

/** With fractions of a pixel, so that a locked row keeps its exact height. */
const heightOf = (element: Element | null) => element?.getBoundingClientRect().height ?? null;

function LeftOutButton({ count, afterSeq }: { count: number; afterSeq: number }) {
  const { t } = useTranslation();
  const { view } = useOpenRoom();
  return (
    <button
      type="button"
      className={`${css.leftOut} tabular`}
      data-testid="left-out"
      aria-label={t("feed.leftOut", { count })}
      title={t("feed.leftOut", { count })}
      onClick={() => view.open(afterSeq)}
    >
      +{count}
    </button>
  );
}

function PostState({ post }: { post: Post }) {
  const { t } = useTranslation();
  const { outbox, session } = useServices();
  const seconds = useCountdown(post.status === "waiting" ? post.retryAtMs : null);
  if (post.status === "failed") {
    return (
      <div className={`${css.postState} ${css.postFailed}`} role="alert">
        <TriangleAlert size={13} aria-hidden="true" />{" "}
        {t(post.code === SESSION_OVER ? "message.sessionOver" : "message.failed")}
        <button
          type="button"
          className="text-button"
          onClick={() => session.withName(() => outbox.retry(post.clientId))}
        >
          <RotateCcw size={13} aria-hidden="true" /> {t("message.retry")}
        </button>
        <button type="button" className="text-button" onClick={() => outbox.discard(post.clientId)}>
          <X size={13} aria-hidden="true" /> {t("message.discard")}
        </button>
      </div>
    );
  }
  const word = {
    sending: () => t("message.sending"),
    queued: () => t("message.queued"),
    waiting: () => t("message.waiting", { seconds }),
    sent: () => "",
  }[post.status];
  return <div className={css.postState}>{word()}</div>;
}
