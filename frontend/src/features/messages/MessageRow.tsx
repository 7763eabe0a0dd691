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

type MessageRowData = Extract<Row, { kind: "message" }>;

export const MessageRow = memo(
  function MessageRow({ row, isTarget }: { row: MessageRowData; isTarget: boolean }) {
    const { i18n } = useTranslation();
    const { message, isMine, isFirst, isForMe, isPinned, post } = row;
    const { rowRef, lock, unlock } = useHeightLock(message, isMine);
    const { name, tag } = useShownPerson(message.author);
    const classes = [
      "row",
      isMine && "row-mine",
      isFirst && "row-first",
      isForMe && "row-for-me",
      post && "row-post",
      isTarget && "row-target",
    ];
    return (
      <article
        ref={rowRef}
        className={classes.filter(Boolean).join(" ")}
        tabIndex={-1}
        data-message-id={message.id}
        data-seq={post === null ? message.seq : undefined}
        aria-label={`${tag === null ? name : `${name} #${tag}`}, ${shortTime(message.created_at, i18n.language)}`}
      >
        <div className="gutter">{isFirst && !isMine && <Avatar user={message.author} />}</div>
        <div className="body">
          {isFirst && (
            <header>
              {!isMine && <PersonName of={message.author} className="nickname" />}
              <time dateTime={message.created_at} title={exactTime(message.created_at, i18n.language)}>
                {shortTime(message.created_at, i18n.language)}
              </time>
            </header>
          )}
          <div className="bubble-line">
            <div
              className={`bubble${message.deleted ? " bubble-deleted" : ""}${lock === null ? "" : " bubble-locked"}`}
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

/** A message whose row could not be drawn: its words as they are, and what can be done about it. */
export function PlainRow({ row: { message, isMine, post } }: { row: MessageRowData }) {
  const { t } = useTranslation();
  return (
    <article
      className="row row-first row-plain"
      tabIndex={-1}
      data-message-id={message.id}
      data-seq={post === null ? message.seq : undefined}
    >
      <div className="gutter" />
      <div className="body">
        <header>
          <PersonName of={message.author} className="nickname" />
        </header>
        <div className="bubble-line">
          <div className="bubble">
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
      <Pin className="pin-mark" size={16} aria-hidden="true" />
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
          <span className="edited">{t("message.edited")}</span>
        ) : (
          <button type="button" className="edited-show" onClick={unlock}>
            {t("message.editedShow")}
          </button>
        ))}
    </>
  );
}

/** A row in view keeps its height when others edit or delete it; its reader decides when to see all of it. */
function useHeightLock(message: Message, isMine: boolean) {
  const rowRef = useRef<HTMLElement>(null);
  const height = useRef<number | null>(null);
  const seen = useRef({ text: message.text, deleted: message.deleted });
  const [lock, setLock] = useState<number | null>(null);
  useLayoutEffect(() => {
    const bubble = rowRef.current?.querySelector<HTMLElement>(".bubble");
    const changed = seen.current.text !== message.text || seen.current.deleted !== message.deleted;
    seen.current = { text: message.text, deleted: message.deleted };
    if (changed && !isMine && height.current !== null && heightOf(bubble) !== height.current) {
      setLock(height.current);
    } else if (bubble) {
      height.current = heightOf(bubble);
    }
  }, [message, isMine]);
  return { rowRef, lock, unlock: () => setLock(null) };
}

/** With its fractions, so that a locked row is not off by one of them. */
const heightOf = (element: Element | null | undefined) => element?.getBoundingClientRect().height ?? null;

function LeftOutButton({ count, afterSeq }: { count: number; afterSeq: number }) {
  const { t } = useTranslation();
  const { view } = useOpenRoom();
  return (
    <button
      type="button"
      className="left-out tabular"
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
      <div className="post-state post-failed" role="alert">
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
  return <div className="post-state">{word()}</div>;
}
