/** Nicknames that more than one person in the open room uses, so that their rows show a tag. */
import { dropOldest } from "@/lib/drop-oldest";
import { Listeners } from "@/lib/listeners";

const NAMES_MAX = 5_000; // overflow rule OLDEST: drop the nickname seen first

interface Seen {
  readonly userId: string;
  readonly isDuplicate: boolean;
}

export class DuplicateNicknames {
  readonly #seen = new Map<string, Seen>();
  readonly #listeners = new Listeners();

  constructor(private readonly max = NAMES_MAX) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** Whether two people with this nickname have been observed. */
  isDuplicate = (nickname: string): boolean => this.#seen.get(keyOf(nickname))?.isDuplicate ?? false;

  observe(userId: string, nickname: string): void {
    const key = keyOf(nickname);
    const seen = this.#seen.get(key);
    if (seen === undefined) {
      this.#seen.set(key, { userId, isDuplicate: false });
      dropOldest(this.#seen, this.max);
    } else if (!seen.isDuplicate && seen.userId !== userId) {
      this.#seen.set(key, { userId, isDuplicate: true });
      this.#listeners.notify();
    }
  }
}

/** Nicknames that differ only in case or width count as equal. */
const keyOf = (nickname: string) => nickname.normalize("NFKC").toLowerCase();
