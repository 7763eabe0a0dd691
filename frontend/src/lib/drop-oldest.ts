interface Ordered<Key> {
  readonly size: number;
  keys(): Iterable<Key>;
  delete(key: Key): boolean;
}

/** The overflow rule OLDEST for a Map or Set: drop the entries that were added first, until at most `max` are left. */
export function dropOldest<Key>(collection: Ordered<Key>, max: number): void {
  for (const key of collection.keys()) {
    if (collection.size <= max) return;
    collection.delete(key);
  }
}
