/** How much of a busy room a reader wants to see: a calm sample, or every message. */
import { readStored, writeStored } from "./safe-storage";

export type ReadingPace = "calm" | "all";

const KEY = "hotchat.reading";

export const readReadingPace = (): ReadingPace => (readStored(KEY) === "all" ? "all" : "calm");

export const saveReadingPace = (pace: ReadingPace): void => void writeStored(KEY, pace);
