/** The people whose messages this browser hides from its reader. The server does not know of it. */
import type { Author } from "@/lib/contract/types";
import { Listeners } from "@/lib/listeners";
import { StoredMap } from "@/lib/stored-map";

const KEY = "hotchat.ignored";
export const IGNORED_MAX = 500; // overflow rule OLDEST: the person who was ignored first is shown again

export class IgnoredPeople {
  readonly #stored = new StoredMap(KEY, IGNORED_MAX);
  readonly #listeners = new Listeners();
  #people: ReadonlyMap<string, string> = new Map(this.#stored.entries());

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** The nickname that each user id had when the reader chose to ignore it, the latest last. */
  getSnapshot = (): ReadonlyMap<string, string> => this.#people;

  has = (userId: string): boolean => this.#people.has(userId);

  ignore({ id, nickname }: Author): void {
    this.#stored.set(id, nickname);
    this.refresh();
  }

  stopIgnoring(userId: string): void {
    this.#stored.delete(userId);
    this.refresh();
  }

  /** Another tab has changed what is stored. */
  onStorageEvent = ({ key }: Pick<StorageEvent, "key">): void => {
    if (key === null || key === KEY) this.refresh();
  };

  /** Reload what is stored. */
  refresh = (): void => {
    this.#people = new Map(this.#stored.entries());
    this.#listeners.notify();
  };
}
