/** What a screen reader reads out: messages for its listener at once, the others every ten seconds, a few word by word and
 * more as a count. */
import type { Clock } from "@/lib/clock";
import type { Message } from "@/lib/contract/types";
import { Listeners } from "./listeners";

export const SUMMARY_EVERY_MS = 10_000;
export const READ_OUT_MAX = 3; // more in one interval are only counted

/** `turn` differs for each announcement, so that the same words are announced again. */
export interface Announcement {
  readonly words: string;
  readonly turn: number;
}

export interface Announced {
  readonly summary: Announcement;
  readonly forMe: Announcement;
}

interface AnnouncementsDependencies {
  readonly clock: Clock;
  readonly isHidden: () => boolean;
  readonly summaryWords: (count: number) => string;
  /** Follows the count when skipped messages reply to the listener. */
  readonly repliesWords: () => string;
}

interface Pending {
  readonly words: string;
  readonly message: Message;
}

const SILENT: Announcement = { words: "", turn: 0 };

export class Announcements {
  #announced: Announced = { summary: SILENT, forMe: SILENT };
  #announcedMessages: Record<keyof Announced, readonly Message[]> = { summary: [], forMe: [] };
  #pending: Pending[] = [];
  #count = 0;
  #hasReplies = false;
  #cancelTimer = () => {};
  readonly #listeners = new Listeners(
    () => this.#waitForSummary(),
    () => this.#cancelTimer(),
  );

  constructor(private readonly deps: AnnouncementsDependencies) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** The same object until the next announcement. */
  getSnapshot = (): Announced => this.#announced;

  announceForMe(words: string, message: Message): void {
    this.#announce("forMe", words, [message]);
  }

  /** Announce a message with the next summary. `words` is called only if they are read out. */
  add(words: () => string, message: Message): void {
    this.#count += 1;
    if (this.#pending.length < READ_OUT_MAX) this.#pending.push({ words: words(), message });
  }

  /** Messages that the page does not load: the next summary counts them. */
  addSkipped(messages: number, hasReplies: boolean): void {
    this.#count += messages;
    this.#hasReplies ||= hasReplies;
  }

  /** Remove the words of deleted messages: those that wait for a summary, and those that are still in the page. */
  forget(isDeleted: (message: Message) => boolean): void {
    const kept = this.#pending.filter(({ message }) => !isDeleted(message));
    this.#count -= this.#pending.length - kept.length;
    this.#pending = kept;
    for (const kind of ["summary", "forMe"] as const)
      if (this.#announcedMessages[kind].some(isDeleted)) this.#announce(kind, "", []);
  }

  #waitForSummary(): void {
    this.#cancelTimer = this.deps.clock.after(SUMMARY_EVERY_MS, () => {
      this.#waitForSummary();
      this.#summarize();
    });
  }

  #summarize(): void {
    if (this.#count === 0 || this.deps.isHidden()) return;
    const pending = this.#pending;
    const { summaryWords, repliesWords } = this.deps;
    if (this.#count > pending.length) {
      const words = [summaryWords(this.#count), ...(this.#hasReplies ? [repliesWords()] : [])];
      this.#announce("summary", words.join(", "), []);
    } else
      this.#announce(
        "summary",
        pending.map(({ words }) => words).join(". "),
        pending.map(({ message }) => message),
      );
    this.#pending = [];
    this.#count = 0;
    this.#hasReplies = false;
  }

  #announce(kind: keyof Announced, words: string, messages: readonly Message[]): void {
    this.#announcedMessages = { ...this.#announcedMessages, [kind]: messages };
    const turn = this.#announced[kind].turn + 1;
    this.#announced = { ...this.#announced, [kind]: { words, turn } };
    this.#listeners.notify();
  }
}
