import { useState, useSyncExternalStore } from "react";
import type { ListedRoom } from "@/lib/contract/types";
import { OrderHold, type HoldReason } from "@/lib/order-hold";
import { inOrderOf } from "@/lib/rooms/room-list";
import { holdHandlers } from "@/ui/hold-handlers";
import { useServices } from "@/ui/services-context";

/** The rooms in an order that does not change while the pointer or the keyboard focus is in the list, which needs
 * `handlers` for that. */
export function useHeldOrder(rooms: readonly ListedRoom[]) {
  const { clock } = useServices();
  const [hold] = useState(() => new OrderHold(clock));
  const heldIds = useSyncExternalStore(hold.subscribe, hold.getSnapshot);
  const shown = heldIds === null ? rooms : inOrderOf(rooms, heldIds);
  const begin = (reason: HoldReason) =>
    hold.begin(
      reason,
      shown.map(({ id }) => id),
    );
  return { shown, handlers: holdHandlers(begin, (reason) => hold.end(reason)) };
}
