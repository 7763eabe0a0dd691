/** Notifies of each mention; of many in a short time by one summary. Withdraws what was deleted. */
import type { Clock } from "@/lib/clock";
import { dropOldest } from "@/lib/drop-oldest";
import type { BrowserNotification } from "./browser-notifications";

export const NOTIFIED_PER_WINDOW = 5; // overflow rule: further mentions are counted in one summary
export const WINDOW_MS = 60_000;
export const SUMMARY_DELAY_MS = 5_000;
export const SHOWN_MAX = 50; // overflow rule OLDEST: the notification stays although its message is deleted
export const WAITING_MAX = 500; // for a summary; overflow rule OLDEST: it is not counted

export interface Mention {
  readonly messageId: string;
  readonly seq: number;
  readonly authorId: string;
  readonly roomName: string;
  /** The author and the beginning of the text. */
  readonly words: string;
}

interface MentionNotifierDependencies {
  readonly roomId: string;
  readonly clock: Clock;
  /** The returned function closes the notification. */
  readonly show: (notification: BrowserNotification) => () => void;
  readonly summaryWords: (count: number) => string;
  /** Open the room at a message. */
  readonly open: (seq: number) => void;
}

interface ShownMention {
  readonly mention: Mention;
  readonly close: () => void;
}

export class MentionNotifier {
  #shownAtMs: readonly number[] = [];
  #summarizedAtMs = -Infinity;
  /** By message id. */
  readonly #shown = new Map<string, ShownMention>();
  /** Those that the next summary counts, by message id. */
  readonly #waiting = new Map<string, Mention>();
  #cancelSummary = () => {};

  constructor(private readonly deps: MentionNotifierDependencies) {}

  notify(mention: Mention): void {
    const { clock } = this.deps;
    const now = clock.now();
    this.#shownAtMs = this.#shownAtMs.filter((atMs) => now - atMs < WINDOW_MS);
    if (this.#waiting.size === 0 && this.#shownAtMs.length < NOTIFIED_PER_WINDOW) {
      this.#shownAtMs = [...this.#shownAtMs, now];
      this.#show(mention);
      return;
    }
    this.#waiting.set(mention.messageId, mention);
    dropOldest(this.#waiting, WAITING_MAX);
    if (this.#waiting.size > 1) return;
    const waitMs = Math.max(SUMMARY_DELAY_MS, this.#summarizedAtMs + WINDOW_MS - now);
    this.#cancelSummary = clock.after(waitMs, () => this.#summarize());
  }

  /** The message was edited: its notification shows the new words, unless the reader has dismissed it. */
  edit(mention: Mention): void {
    if (this.#shown.has(mention.messageId)) this.#show(mention);
  }

  /** The messages were deleted: nothing of them stays on the screen. */
  withdraw(isGone: (mention: Mention) => boolean): void {
    for (const [id, { mention, close }] of this.#shown) {
      if (!isGone(mention)) continue;
      close();
      this.#shown.delete(id);
    }
    for (const [id, mention] of this.#waiting) if (isGone(mention)) this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#cancelSummary();
  }

  /** The reader sees the room: nothing is left to summarize. */
  clear(): void {
    this.#cancelSummary();
    this.#waiting.clear();
  }

  #show(mention: Mention): void {
    const { roomId, show, open } = this.deps;
    const { roomName: title, words: body, messageId, seq } = mention;
    // A notification that another one of its tag has replaced says nothing about the one on the screen.
    const onClose = () => {
      if (this.#shown.get(messageId) === entry) this.#shown.delete(messageId);
    };
    const tag = `hotchat ${roomId} ${messageId}`;
    const entry = { mention, close: show({ title, body, tag, onClick: () => open(seq), onClose }) };
    this.#shown.set(messageId, entry);
    dropOldest(this.#shown, SHOWN_MAX);
  }

  #summarize(): void {
    const [first] = this.#waiting.values();
    if (first === undefined) return;
    const { clock, roomId, show, summaryWords, open } = this.deps;
    this.#summarizedAtMs = clock.now();
    show({
      title: first.roomName,
      body: summaryWords(this.#waiting.size),
      tag: `hotchat ${roomId} ${first.messageId}`,
      onClick: () => open(first.seq),
      onClose: () => undefined,
    });
    this.clear();
  }
}
