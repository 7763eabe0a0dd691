/** What a screen reader reads out: messages for its listener at once, the others every ten seconds, a few word by word and
 * more as a count. */
import type { Clock } from "@/lib/clock";
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
}

const SILENT: Announcement = { words: "", turn: 0 };

export class Announcements {
  #announced: Announced = { summary: SILENT, forMe: SILENT };
  #pending: string[] = [];
  #count = 0;
  #cancelTimer = () => {};
  readonly #listeners = new Listeners(
    () => this.#waitForSummary(),
    () => this.#cancelTimer(),
  );

  constructor(private readonly deps: AnnouncementsDependencies) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** The same object until the next announcement. */
  getSnapshot = (): Announced => this.#announced;

  announceForMe(words: string): void {
    this.#announce("forMe", words);
  }

  /** Announce a message with the next summary. `words` is called only if they are read out. */
  add(words: () => string): void {
    this.#count += 1;
    if (this.#pending.length < READ_OUT_MAX) this.#pending.push(words());
  }

  #waitForSummary(): void {
    this.#cancelTimer = this.deps.clock.after(SUMMARY_EVERY_MS, () => {
      this.#waitForSummary();
      this.#summarize();
    });
  }

  #summarize(): void {
    if (this.#count === 0 || this.deps.isHidden()) return;
    const isReadOut = this.#count <= READ_OUT_MAX;
    this.#announce("summary", isReadOut ? this.#pending.join(". ") : this.deps.summaryWords(this.#count));
    this.#pending = [];
    this.#count = 0;
  }

  #announce(kind: keyof Announced, words: string): void {
    const turn = this.#announced[kind].turn + 1;
    this.#announced = { ...this.#announced, [kind]: { words, turn } };
    this.#listeners.notify();
  }
}
