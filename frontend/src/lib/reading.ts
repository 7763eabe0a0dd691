import type { Reading } from "./paced/room-view";
import { remember, remembered } from "./remembered";

const KEY = "hotchat.reading";

/** How much of a crowd a reader wants to see. */
export const readReading = (): Reading => (remembered(KEY) === "all" ? "all" : "calm");

export const saveReading = (reading: Reading): void => remember(KEY, reading);
