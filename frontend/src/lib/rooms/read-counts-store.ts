import { Listeners } from "@/lib/listeners";
import { withRead, type ReadCounts } from "./unread";

const KEY = "hotchat.read";

/** The read message count of each room, kept over reloads and shared with other tabs. */
export class ReadCountsStore {
  #read: ReadCounts;
  readonly #listeners = new Listeners();

  constructor(private readonly storage: Storage | null) {
    this.#read = this.#load();
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): ReadCounts => this.#read;

  markRead(roomId: string, messageCount: number): void {
    const next = withRead(this.#load(), roomId, messageCount);
    if (next[roomId] === this.#read[roomId]) return;
    this.#read = next;
    try {
      this.storage?.setItem(KEY, JSON.stringify(next));
    } catch {
      // Storage is full: unread counts restart with the next page load.
    }
    this.#listeners.notify();
  }

  /** Reload after another tab has changed the stored counts. */
  refresh = (): void => {
    this.#read = this.#load();
    this.#listeners.notify();
  };

  #load(): ReadCounts {
    try {
      return JSON.parse(this.storage?.getItem(KEY) ?? "{}") as ReadCounts;
    } catch {
      return {};
    }
  }
}
