/** What the reader missed: below a paused list, behind a hidden tab, and where a fresh page skipped messages. */
import { Problem } from "@/lib/api/problem";
import type { Message } from "@/lib/contract/types";
import type { SkippedMessages } from "@/lib/feed/room-feed";
import type { RoomState } from "@/lib/feed/room-state";
import type { NetworkReturn } from "@/lib/network-return";
import {
  NO_UNREAD,
  unreadCounts,
  unreadSince,
  withMessageForMe,
  withoutDeleted,
  withOwnMessage,
} from "./unread-while-paused";
import type { MessageForMe, ReadPosition, Unread, UnreadCounts } from "./unread-while-paused";

export const AWAY_EVENTS_MIN = 500;
// After an outage everyone reconnects at once, so the room is hot; delay the mention lookup to avoid a 429.
export const MENTIONS_DELAY_MS = 2_000;
const MENTIONS_JITTER_MS = 3_000;
const FIND_ATTEMPTS_MAX = 3;
const RETRY_AFTER_MAX_MS = 60_000;

/** The counts in the banner "while you were away". */
export interface AwaySummary {
  readonly messages: number;
  readonly mentions: number;
  readonly fromSeq: number;
}

interface AwayTrackerDependencies {
  readonly network: Pick<NetworkReturn, "wait">;
  readonly random: () => number;
  /** Messages after a seq that may be for the reader; none when there is no session. */
  readonly findMentions: (afterSeq: number) => Promise<readonly Message[]>;
  readonly isForMe: (message: Message) => boolean;
  readonly onChange: () => void;
}

export class AwayTracker {
  #whilePaused: Unread | null = null;
  #whileHidden: Unread | null = null;
  #summarized: Unread | null = null;
  #summary: AwaySummary | null = null;
  #cancelMentions: () => void = () => undefined;

  constructor(private readonly deps: AwayTrackerDependencies) {}

  get isHidden(): boolean {
    return this.#whileHidden !== null;
  }

  /** The banner's content; null when there is nothing to show. */
  get summary(): AwaySummary | null {
    return this.#summary;
  }

  /** Messages that arrived since the list was paused. */
  unread(room: RoomState | null): UnreadCounts {
    return this.#whilePaused === null ? NO_UNREAD : unreadCounts(this.#whilePaused, room);
  }

  pause(position: ReadPosition): void {
    this.#whilePaused = unreadSince(position);
  }

  resume(): void {
    this.#whilePaused = null;
  }

  hide(position: ReadPosition): void {
    this.#whileHidden = unreadSince(position);
  }

  /** The tab is visible again: show a summary if more events arrived than anybody would read. */
  show(room: RoomState | null): void {
    const unread = this.#whileHidden;
    this.#whileHidden = null;
    // A tab hidden before its first page has missed nothing.
    if (unread === null || unread.since.seq === 0) return;
    if ((room?.seq ?? 0) - unread.since.seq > AWAY_EVENTS_MIN) this.#summarize(unread, room);
  }

  /** A message arrived on the stream. The reader's own and those of ignored people are never unread. */
  onMessage(message: Message, isNeverUnread: boolean, isForMe: boolean): void {
    const count = (unread: Unread | null) =>
      unread &&
      (isNeverUnread ? withOwnMessage(unread) : isForMe ? withMessageForMe(unread, message) : unread);
    this.#whilePaused = count(this.#whilePaused);
    this.#whileHidden = count(this.#whileHidden);
  }

  /** Messages were deleted: they are no longer for the reader. */
  onDeleted(isDeleted: (message: MessageForMe) => boolean): void {
    const remove = (unread: Unread | null) => unread && withoutDeleted(unread, isDeleted);
    this.#whilePaused = remove(this.#whilePaused);
    this.#whileHidden = remove(this.#whileHidden);
    this.#summarized = remove(this.#summarized);
    this.#countMentions();
  }

  /** The calm lane skipped a run up to `seq` that contains replies to the reader. They count as one message for the reader,
   * because neither their number nor their authors are known. */
  onSkippedReplies(seq: number): void {
    const replies = { id: `run ${seq}`, seq, author: { id: "", nickname: "" } };
    const count = (unread: Unread | null) => unread && withMessageForMe(unread, replies);
    this.#whilePaused = count(this.#whilePaused);
    this.#whileHidden = count(this.#whileHidden);
  }

  /** A fresh page skipped messages. Their events never arrived, so their mentions are looked up. */
  onSkipped({ fromSeq, messages }: SkippedMessages, room: RoomState): void {
    const since = { seq: fromSeq, messageCount: room.messageCount - messages };
    this.#summarize(this.#summarized ?? unreadSince(since), room);
    this.#cancelMentions();
    this.#findMentionsAfter(this.#summarized?.since.seq ?? fromSeq, 0);
  }

  dismiss(): void {
    this.#summary = this.#summarized = null;
  }

  stop(): void {
    this.#cancelMentions();
  }

  /** Retry a refused search after the server's wait. After FIND_ATTEMPTS_MAX, the summary shows no mentions. */
  #findMentionsAfter(fromSeq: number, attempt: number, refusal?: unknown): void {
    const { network, random, findMentions } = this.deps;
    const retryAfterMs = refusal instanceof Problem ? (refusal.retryAfterMs ?? 0) : 0;
    const waitMs =
      Math.min(retryAfterMs, RETRY_AFTER_MAX_MS) + MENTIONS_DELAY_MS + random() * MENTIONS_JITTER_MS;
    const cancelled = new AbortController();
    this.#cancelMentions = () => cancelled.abort();
    const find = () =>
      findMentions(fromSeq).then(
        (found) => this.addForMe(found),
        (error: unknown) => {
          if (!cancelled.signal.aborted && attempt + 1 < FIND_ATTEMPTS_MAX)
            this.#findMentionsAfter(fromSeq, attempt + 1, error);
        },
      );
    void network.wait(waitMs, cancelled.signal).then(find, () => undefined);
  }

  /** Messages that were found to be for the reader after they arrived. */
  addForMe(messages: readonly Message[]): void {
    const forMe = messages.filter(this.deps.isForMe);
    const add = (unread: Unread | null) =>
      unread &&
      forMe
        .filter(({ seq }) => seq > unread.since.seq)
        .reduce((sum, message) => withMessageForMe(sum, message), unread);
    this.#whilePaused = add(this.#whilePaused);
    this.#whileHidden = add(this.#whileHidden);
    this.#summarized = add(this.#summarized);
    this.#countMentions();
    this.deps.onChange();
  }

  #countMentions(): void {
    if (this.#summary !== null && this.#summarized !== null)
      this.#summary = { ...this.#summary, mentions: this.#summarized.forMe.size };
  }

  #summarize(unread: Unread, room: RoomState | null): void {
    const { messages, forMe } = unreadCounts(unread, room);
    this.#summarized = unread;
    this.#summary = messages > 0 ? { messages, mentions: forMe, fromSeq: unread.since.seq } : null;
  }
}
