/** Which names more than one person on this page has, so that their rows tell them apart. */
import { Listeners } from "@/lib/listeners";

const NAMES_MAX = 5_000; // overflow rule OLDEST: the name seen first is forgotten

interface Seen {
  readonly userId: string;
  readonly isShared: boolean;
}

export class SeenNames {
  readonly #seen = new Map<string, Seen>();
  readonly #listeners = new Listeners();

  constructor(private readonly max = NAMES_MAX) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** Whether two people of this name were seen. */
  isShared = (nickname: string): boolean => this.#seen.get(keyOf(nickname))?.isShared ?? false;

  see(userId: string, nickname: string): void {
    const key = keyOf(nickname);
    const seen = this.#seen.get(key);
    if (seen === undefined) {
      this.#seen.set(key, { userId, isShared: false });
      const [oldest] = this.#seen.keys();
      if (this.#seen.size > this.max && oldest !== undefined) this.#seen.delete(oldest);
    } else if (!seen.isShared && seen.userId !== userId) {
      this.#seen.set(key, { userId, isShared: true });
      this.#listeners.notify();
    }
  }
}

/** Names that differ only in case or width look alike. */
const keyOf = (nickname: string) => nickname.normalize("NFKC").toLowerCase();
