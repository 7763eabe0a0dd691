import type { Reading } from "./paced/room-view";

const KEY = "hotchat.reading";

/** How much of a crowd a reader wants to see. */
export const readReading = (): Reading => (localStorage.getItem(KEY) === "all" ? "all" : "calm");

export const saveReading = (reading: Reading): void => localStorage.setItem(KEY, reading);
