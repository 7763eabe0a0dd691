import { Listeners } from "@/lib/listeners";
import {
  NO_MARK,
  readCountsFromJson,
  readCountsToJson,
  readMarksFromJson,
  withDiscounted,
  withRead,
  type ReadCounts,
  type ReadMark,
  type ReadMarks,
} from "./unread";

const KEY = "hotchat.read";

/** The message count up to which each room was read. Counts survive reloads and are shared by all tabs. */
export class ReadCountsStore {
  #read: ReadCounts = new Map();
  #marks: ReadMarks = new Map();
  readonly #listeners = new Listeners();

  constructor(private readonly storage: Pick<Storage, "getItem" | "setItem"> | null) {
    this.#load();
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): ReadCounts => this.#read;

  /** The room was read up to `seq`, when it had `messageCount` messages. */
  markRead(roomId: string, messageCount: number, seq: number): void {
    if (this.#read.get(roomId) === messageCount) return;
    this.#load();
    this.#save(roomId, messageCount, { seq, discounted: [] });
  }

  /** Count one message as read: it is the reader's own, or was deleted. Each seq counts once, however many tabs report it.
   * `messageCount` is the room's count with this message. */
  discount(roomId: string, seq: number, messageCount: number): void {
    this.#load();
    const count = this.#read.get(roomId);
    const mark = withDiscounted(this.#marks.get(roomId) ?? NO_MARK, seq);
    if (count !== undefined && count < messageCount && mark !== null) this.#save(roomId, count + 1, mark);
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
    this.#marks = readMarksFromJson(json);
  }

  #save(roomId: string, count: number, mark: ReadMark): void {
    this.#read = withRead(this.#read, roomId, count);
    this.#marks = new Map([...this.#marks, [roomId, mark] as const].filter(([id]) => this.#read.has(id)));
    try {
      this.storage?.setItem(KEY, readCountsToJson(this.#read, this.#marks));
    } catch {
      // Storage is full: unread counts restart with the next reload.
    }
    this.#listeners.notify();
  }
}
