/** localStorage that never throws. Values that it does not take, because it is full or the browser forbids it, are kept
 * until the page is closed or another tab changes them. */
import { dropOldest } from "./drop-oldest";

export const UNSAVED_MAX = 200; // overflow rule OLDEST

const unsaved = new Map<string, string>();

export const readStored = (key: string): string | null =>
  unsaved.get(key) ?? attempt(() => localStorage.getItem(key)) ?? null;

/** False if the value will be lost when the page is closed. */
export function writeStored(key: string, value: string): boolean {
  unsaved.delete(key);
  const isSaved = attempt(() => {
    localStorage.setItem(key, value);
    return true;
  });
  if (isSaved === true) return true;
  unsaved.set(key, value);
  dropOldest(unsaved, UNSAVED_MAX);
  return false;
}

export function removeStored(key: string): void {
  unsaved.delete(key);
  attempt(() => localStorage.removeItem(key));
}

/** All stored keys that start with `prefix`. */
export function storedKeys(prefix: string): string[] {
  const keys = attempt(() =>
    Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? ""),
  );
  return [...new Set([...(keys ?? []), ...unsaved.keys()])].filter((key) => key.startsWith(prefix));
}

/** Another tab has changed what is stored: its value is newer than one that was not saved here. Must be called before
 * listeners that read the storage. */
export function onStorageEvent({ key }: Pick<StorageEvent, "key">): void {
  if (key === null) unsaved.clear();
  else unsaved.delete(key);
}

/** The same as a Storage. Other tabs read the browser's, so a value that it did not take replaces the old one by none. */
export class SafeStorage implements Storage {
  get length() {
    return storedKeys("").length;
  }
  key = (index: number): string | null => storedKeys("")[index] ?? null;
  getItem = readStored;
  setItem = (key: string, value: string): void => {
    if (!writeStored(key, value)) attempt(() => localStorage.removeItem(key));
  };
  removeItem = removeStored;
  clear = (): void => storedKeys("").forEach(removeStored);
}

function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
