/** A bounded map in localStorage, shared by all tabs. One key holds all entries, for example one for each room. */
import { dropOldest } from "@/lib/drop-oldest";
import { readStored, removeStored, storedKeys, writeStored } from "@/lib/safe-storage";

/** Overflow rule OLDEST: beyond `max` entries, the entry that was set longest ago is dropped. */
export class StoredMap {
  #mayHaveFormerKeys = true;

  constructor(
    private readonly key: string,
    private readonly max: number,
  ) {}

  get(name: string): string | undefined {
    return this.#load().get(name);
  }

  /** All entries, the one that was set longest ago first. */
  entries(): [name: string, value: string][] {
    return [...this.#load()];
  }

  set(name: string, value: string): void {
    const entries = this.#load();
    entries.delete(name); // so that it becomes the newest
    entries.set(name, value);
    this.#save(entries);
  }

  delete(name: string): void {
    const entries = this.#load();
    if (entries.delete(name)) this.#save(entries);
  }

  /** Reads the storage each time, because another tab may have changed it. */
  #load(): Map<string, string> {
    const entries = storedEntries(readStored(this.key));
    return this.#mayHaveFormerKeys ? this.#withFormerKeys(entries) : entries;
  }

  /** False if the entries will be lost when the page is closed. */
  #save(entries: Map<string, string>): boolean {
    dropOldest(entries, this.max);
    if (entries.size > 0) return writeStored(this.key, toJson(entries));
    removeStored(this.key);
    return true;
  }

  /** Earlier versions stored each entry under a key of its own, `<key>.<name>`. These keys are removed once the map is
   * stored with their values; a full storage delays that. */
  #withFormerKeys(entries: Map<string, string>): Map<string, string> {
    const prefix = `${this.key}.`;
    const keys = storedKeys(prefix);
    const former = keys.map((key): [string, string] => [key.slice(prefix.length), readStored(key) ?? ""]);
    const all = new Map([...former, ...entries]);
    if (keys.length === 0 || this.#save(all)) {
      for (const key of keys) removeStored(key);
      this.#mayHaveFormerKeys = false;
    }
    return all;
  }
}

/** A list, because an object would move names that are numbers to its front. */
const toJson = (entries: ReadonlyMap<string, string>): string => JSON.stringify([...entries]);

/** The entries in the stored value of a map, for example in that of a storage event; none if they are unreadable. */
export function storedEntries(json: string | null): Map<string, string> {
  try {
    const stored: unknown = JSON.parse(json ?? "[]");
    return new Map(Array.isArray(stored) ? stored.filter(isEntry) : []);
  } catch {
    return new Map();
  }
}

const isEntry = (entry: unknown): entry is [string, string] =>
  Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === "string");
