import { Listeners } from "@/lib/listeners";
import {
  discountedFromJson,
  readCountsFromJson,
  readCountsToJson,
  withRead,
  type DiscountedSeqs,
  type ReadCounts,
} from "./unread";

const KEY = "hotchat.read";

/** The read message count of each room, kept over reloads and shared with other tabs. */
export class ReadCountsStore {
  #read: ReadCounts = new Map();
  #discounted: DiscountedSeqs = new Map();
  readonly #listeners = new Listeners();

  constructor(private readonly storage: Pick<Storage, "getItem" | "setItem"> | null) {
    this.#load();
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): ReadCounts => this.#read;

  markRead(roomId: string, messageCount: number): void {
    if (this.#read.get(roomId) === messageCount) return;
    this.#load();
    this.#save(withRead(this.#read, roomId, messageCount));
  }

  /** One message needs no reading: it is the reader's own, or was deleted. Each seq counts once, whichever tabs report it.
   * `messageCount` is the room's count with this message. */
  discount(roomId: string, seq: number, messageCount: number): void {
    this.#load();
    const count = this.#read.get(roomId);
    if (count === undefined || count >= messageCount || seq <= (this.#discounted.get(roomId) ?? 0)) return;
    this.#discounted = new Map(this.#discounted).set(roomId, seq);
    this.#save(withRead(this.#read, roomId, count + 1));
  }

  /** Another tab has changed what is stored. */
  onStorageEvent = ({ key }: Pick<StorageEvent, "key">): void => {
    if (key === null || key === KEY) this.refresh();
  };

  /** Reload the stored counts. */
  refresh = (): void => {
    this.#load();
    this.#listeners.notify();
  };

  #load(): void {
    if (this.storage === null) return;
    const json = this.storage.getItem(KEY);
    this.#read = readCountsFromJson(json);
    this.#discounted = discountedFromJson(json);
  }

  #save(read: ReadCounts): void {
    this.#read = read;
    try {
      this.storage?.setItem(KEY, readCountsToJson(read, this.#discounted));
    } catch {
      // Storage is full: unread counts restart with the next reload.
    }
    this.#listeners.notify();
  }
}
