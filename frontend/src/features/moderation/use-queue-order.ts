import { useEffect, useState, useSyncExternalStore } from "react";
import { shownQueue } from "@/lib/moderation/queue-order";
import { OrderHold, type HoldReason } from "@/lib/order-hold";
import { holdHandlers } from "@/ui/hold-handlers";
import { useServices } from "@/ui/services-context";

/** The items of a queue, none of which moves while the pointer or the keyboard focus is in the list. The list needs
 * `handlers` for that. */
export function useQueueOrder<T extends { readonly id: string }>(latest: readonly T[]) {
  const { clock } = useServices();
  const [hold] = useState(() => new OrderHold<readonly T[]>(clock));
  const held = useSyncExternalStore(hold.subscribe, hold.getSnapshot);
  const { items, waiting } = shownQueue(latest, held);
  const begin = (reason: HoldReason) =>
    hold.begin(
      reason,
      items.map(({ item }) => item),
    );

  // The first items and older pages appear at once, and then keep their places, too.
  const hasGrown = held !== null && items.length > held.length;
  useEffect(() => {
    if (hasGrown) hold.replace(items.map(({ item }) => item));
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each growth
  }, [hasGrown, items.length, hold]);

  return {
    items,
    waiting,
    showWaiting: () => hold.replace(latest),
    handlers: holdHandlers(begin, (reason) => hold.end(reason)),
  };
}
