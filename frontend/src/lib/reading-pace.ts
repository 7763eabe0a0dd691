import type { Reading } from "@/lib/room-view/room-view";
import { remember, remembered } from "./safe-storage";

const KEY = "hotchat.reading";

/** How much of a crowd a reader wants to see. */
export const readReading = (): Reading => (remembered(KEY) === "all" ? "all" : "calm");

export const saveReading = (reading: Reading): void => remember(KEY, reading);
