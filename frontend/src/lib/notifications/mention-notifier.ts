/** Notifies of each mention; of many in a short time by one summary. */
import type { Clock } from "@/lib/clock";
import type { BrowserNotification } from "./browser-notifications";

export const NOTIFIED_PER_WINDOW = 5; // overflow rule: further mentions are counted in one summary
export const WINDOW_MS = 60_000;
export const SUMMARY_DELAY_MS = 5_000;

export interface Mention {
  readonly messageId: string;
  readonly seq: number;
  readonly roomName: string;
  /** The author and the beginning of the text. */
  readonly words: string;
}

interface MentionNotifierDependencies {
  readonly roomId: string;
  readonly clock: Clock;
  readonly show: (notification: BrowserNotification) => void;
  readonly summaryWords: (count: number) => string;
  /** Open the room at a message. */
  readonly open: (seq: number) => void;
}

export class MentionNotifier {
  #shownAtMs: readonly number[] = [];
  #summarizedAtMs = -Infinity;
  #first: Mention | null = null; // of those that the next summary counts
  #count = 0;
  #cancelSummary = () => {};

  constructor(private readonly deps: MentionNotifierDependencies) {}

  notify(mention: Mention): void {
    const { clock, roomId, show, open } = this.deps;
    const now = clock.now();
    this.#shownAtMs = this.#shownAtMs.filter((atMs) => now - atMs < WINDOW_MS);
    if (this.#first === null && this.#shownAtMs.length < NOTIFIED_PER_WINDOW) {
      this.#shownAtMs = [...this.#shownAtMs, now];
      const { roomName: title, words: body, messageId, seq } = mention;
      show({ title, body, tag: `hotchat ${roomId} ${messageId}`, onClick: () => open(seq) });
      return;
    }
    this.#count += 1;
    if (this.#first !== null) return;
    this.#first = mention;
    const waitMs = Math.max(SUMMARY_DELAY_MS, this.#summarizedAtMs + WINDOW_MS - now);
    this.#cancelSummary = clock.after(waitMs, () => this.#summarize());
  }

  /** The reader sees the room: nothing is left to summarize. */
  clear(): void {
    this.#cancelSummary();
    this.#first = null;
    this.#count = 0;
  }

  #summarize(): void {
    const first = this.#first;
    if (first === null) return;
    const { clock, roomId, show, summaryWords, open } = this.deps;
    this.#summarizedAtMs = clock.now();
    show({
      title: first.roomName,
      body: summaryWords(this.#count),
      tag: `hotchat ${roomId} ${first.messageId}`,
      onClick: () => open(first.seq),
    });
    this.clear();
  }
}
