/** How much of a busy room a reader wants to see: the calm sample, the sample alone without downloading the rest, or every
 * message. The writer chooses the sample, once for all readers. */
import { Listeners } from "@/lib/listeners";
import { readStored, writeStored } from "./safe-storage";

export const READING_PACES = ["calm", "light", "all"] as const;
export type ReadingPace = (typeof READING_PACES)[number];

const KEY = "hotchat.reading";

/** The pace that the reader has chosen in this browser. */
export class ReadingPaceChoice {
  readonly #listeners = new Listeners();

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): ReadingPace => READING_PACES.find((pace) => pace === readStored(KEY)) ?? "calm";

  choose = (pace: ReadingPace): void => {
    writeStored(KEY, pace);
    this.#listeners.notify();
  };

  /** Another tab has changed what is stored. */
  onStorageEvent = ({ key }: Pick<StorageEvent, "key">): void => {
    if (key === null || key === KEY) this.#listeners.notify();
  };
}

/** Every message, whatever the reader has chosen. */
export const EVERY_MESSAGE: Pick<ReadingPaceChoice, "subscribe" | "getSnapshot"> = {
  subscribe: () => () => undefined,
  getSnapshot: () => "all",
};
