/** The order of a queue that several hosts work on, as one host sees it. Pure. */

export interface QueueItem<T> {
  readonly item: T;
  /** The item has left the queue: a host has decided. */
  readonly isGone: boolean;
}

export interface ShownQueue<T> {
  readonly items: readonly QueueItem<T>[];
  /** New items that appear once the list may move again. */
  readonly waiting: number;
}

/** What the list shows. `held`: the items that may not move now; null while the list may move. Then items that have left
 * the queue stay in their places, older ones follow at the end, and newer ones wait. Both lists have the newest first. */
export function shownQueue<T extends { readonly id: string }>(
  latest: readonly T[],
  held: readonly T[] | null,
): ShownQueue<T> {
  if (held === null || held.length === 0)
    return { items: latest.map((item) => ({ item, isGone: false })), waiting: 0 };
  const heldIds = new Set(held.map(({ id }) => id));
  const latestById = new Map(latest.map((item) => [item.id, item]));
  const kept = held.map((item) => ({
    item: latestById.get(item.id) ?? item,
    isGone: !latestById.has(item.id),
  }));
  const isNew = ({ id }: T) => !heldIds.has(id);
  const lastKnown = latest.findLastIndex(({ id }) => heldIds.has(id));
  const older = lastKnown === -1 ? [] : latest.slice(lastKnown + 1);
  return {
    items: [...kept, ...older.map((item) => ({ item, isGone: false }))],
    waiting: latest.filter(isNew).length - older.length,
  };
}
