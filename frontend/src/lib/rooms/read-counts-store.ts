import { Listeners } from "@/lib/listeners";
import { readCountsFromJson, readCountsToJson, withRead, type ReadCounts } from "./unread";

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
    if (this.#read.get(roomId) === messageCount) return;
    this.#read = withRead(this.#load(), roomId, messageCount);
    try {
      this.storage?.setItem(KEY, readCountsToJson(this.#read));
    } catch {
      // Storage is full: unread counts restart with the next reload.
    }
    this.#listeners.notify();
  }

  /** Reload after another tab has changed the stored counts. */
  refresh = (): void => {
    this.#read = this.#load();
    this.#listeners.notify();
  };

  #load = (): ReadCounts => readCountsFromJson(this.storage?.getItem(KEY) ?? null);
}
