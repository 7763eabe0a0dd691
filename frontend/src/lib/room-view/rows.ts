/** Turns messages into the rows of the list, with day lines, groups, and counts of messages without rows. Pure. */
import type { AuthorRole, Message } from "@/lib/contract/types";
import type { SkippedRun } from "@/lib/feed/skipped-runs";
import type { Post } from "@/lib/outbox/outbox";

const GROUP_MS = 5 * 60_000;

/** Messages that have no row, because they are not loaded or too many; they open in place. */
export interface LeftOut {
  readonly count: number;
  readonly afterSeq: number;
  /** Some of those that are not loaded reply to the reader. */
  readonly hasReplies: boolean;
}

export type Row =
  | { readonly kind: "start"; readonly key: string }
  | { readonly kind: "day"; readonly key: string; readonly dayMs: number }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly message: Message;
      /** First of its author's group: shows the name. */
      readonly isFirst: boolean;
      readonly isMine: boolean;
      readonly isForMe: boolean;
      readonly isPinned: boolean;
      readonly leftOut: LeftOut | null;
      /** Null once the server has it. */
      readonly post: Post | null;
    };

export type MessageRowData = Extract<Row, { kind: "message" }>;

export interface RowsInput {
  readonly messages: readonly Message[];
  /** The skipped runs between these messages, ascending. */
  readonly skippedRuns: readonly SkippedRun[];
  readonly hasOlder: boolean;
  /** Whether a message has a row of its own. */
  readonly isShown: (message: Message) => boolean;
  readonly isForMe: (message: Message) => boolean;
  readonly pinned: readonly Message[];
  readonly myId: string | null;
  readonly clientIdOf: (messageId: string) => string | undefined;
  /** Not in `messages` yet, in order. */
  readonly posts: readonly Post[];
  readonly myNickname: string;
  /** The reader's role, which their next message will carry; undefined for a guest. */
  readonly myRole: AuthorRole | undefined;
  /** Midnight that begins the day of a time, both ms since the epoch; the reader's time zone. */
  readonly startOfDay: (timeMs: number) => number;
}

export function buildRows(parts: RowsInput): Row[] {
  const rows: Row[] = [];
  const pinned = new Set(parts.pinned.map(({ id }) => id));
  if (!parts.hasOlder) rows.push({ kind: "start", key: "start" });
  let day = Number.NaN;
  const days = new Set<number>();
  let previous: Message | null = null;
  let count = 0;
  let hasReplies = false;
  let nextRun = 0;
  const skipRunsBefore = (seq: number) => {
    for (let run = parts.skippedRuns[nextRun]; run !== undefined && run.fromSeq < seq;) {
      count += run.messages;
      hasReplies ||= parts.myId !== null && run.repliedTo.includes(parts.myId);
      run = parts.skippedRuns[(nextRun += 1)];
    }
  };
  const closeGap = () => {
    const last = rows.at(-1);
    if (count > 0 && last?.kind === "message") {
      rows[rows.length - 1] = { ...last, leftOut: { count, afterSeq: last.message.seq, hasReplies } };
    }
    count = 0;
    hasReplies = false;
  };
  const add = (message: Message, key: string, post: Post | null) => {
    closeGap();
    const timeMs = Date.parse(message.created_at);
    const itsDay = parts.startOfDay(timeMs);
    const isNewDay = itsDay !== day;
    if (isNewDay) {
      // A post of yesterday that is not sent yet follows the messages of today.
      const dayKey = days.has(itsDay) ? `day-${itsDay}-${key}` : `day-${itsDay}`;
      rows.push({ kind: "day", key: dayKey, dayMs: itsDay });
      days.add(itsDay);
    }
    day = itsDay;
    rows.push({
      kind: "message",
      key,
      message,
      isFirst: isNewDay || previous === null || !isSameGroup(previous, message),
      // Unsent posts are the reader's own, even after the reader has signed out.
      isMine: post !== null || (parts.myId !== null && message.author.id === parts.myId),
      isForMe: parts.isForMe(message),
      isPinned: pinned.has(message.id),
      leftOut: null,
      post,
    });
    previous = message;
  };
  for (const message of parts.messages) {
    skipRunsBefore(message.seq);
    if (parts.isShown(message)) add(message, parts.clientIdOf(message.id) ?? message.id, null);
    else count += 1;
  }
  skipRunsBefore(Infinity);
  closeGap();
  for (const post of parts.posts) add(messageOf(post, parts), post.clientId, post);
  return rows;
}

/** The row of a post that is not a message yet. */
function messageOf(post: Post, { myId, myNickname, myRole }: RowsInput): Message {
  if (post.status === "sent") return post.message;
  return {
    id: post.clientId,
    room_id: post.roomId,
    seq: Number.MAX_SAFE_INTEGER,
    author: { id: myId ?? "", nickname: myNickname, ...(myRole !== undefined && { role: myRole }) },
    text: post.text,
    reply_to: post.replyTo,
    created_at: new Date(post.queuedAtMs).toISOString(),
    edited_at: null,
    deleted: false,
    reactions: {},
  };
}

function isSameGroup(previous: Message, message: Message): boolean {
  return (
    previous.author.id === message.author.id &&
    previous.author.nickname === message.author.nickname &&
    previous.author.role === message.author.role &&
    message.reply_to === null &&
    Date.parse(message.created_at) - Date.parse(previous.created_at) < GROUP_MS
  );
}

/** Posts that the room's messages do not show yet. An event may come before the answer to its own POST: then the
 * first of my messages with the same text, written after the post was queued, is taken for it. */
export function postsNotShown(
  posts: readonly Post[],
  messages: readonly Message[],
  myId: string | null,
  clientIdOf: (messageId: string) => string | undefined,
): Post[] {
  const newestSeq = messages.at(-1)?.seq ?? 0;
  const taken = new Set<string>();
  const shownIds = new Set(posts.length === 0 ? [] : messages.map(({ id }) => id));
  return posts.filter((post) => {
    if (post.status === "held") return !shownIds.has(post.heldId);
    if (post.status === "sent") return post.message.seq > newestSeq;
    if (post.status !== "sending") return true;
    const early = messages.find(
      (message) =>
        message.author.id === myId &&
        message.text === post.text &&
        Date.parse(message.created_at) >= post.queuedAtMs - 60_000 &&
        clientIdOf(message.id) === undefined &&
        !taken.has(message.id),
    );
    if (early !== undefined) taken.add(early.id);
    return early === undefined;
  });
}
