import { useState, useSyncExternalStore, type FocusEvent } from "react";
import type { ListedRoom } from "@/lib/contract/types";
import { OrderHold } from "@/lib/rooms/order-hold";
import { inOrderOf } from "@/lib/rooms/room-list";
import { useServices } from "@/ui/services-context";

/** The rooms in an order that does not change while the pointer or the keyboard focus is in the list, which needs
 * `handlers` for that. */
export function useHeldOrder(rooms: readonly ListedRoom[]) {
  const { clock } = useServices();
  const [hold] = useState(() => new OrderHold(clock));
  const heldIds = useSyncExternalStore(hold.subscribe, hold.getSnapshot);
  const shown = heldIds === null ? rooms : inOrderOf(rooms, heldIds);
  const begin = (reason: "pointer" | "focus") =>
    hold.begin(
      reason,
      shown.map(({ id }) => id),
    );
  const handlers = {
    onPointerEnter: () => begin("pointer"),
    onPointerLeave: () => hold.end("pointer"),
    // A click also focuses the link; that must not hold the order for as long as the reader stays in the room.
    onFocus: ({ target }: FocusEvent) => {
      if (target.matches(":focus-visible")) begin("focus");
    },
    onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => {
      if (!currentTarget.contains(relatedTarget)) hold.end("focus");
    },
  };
  return { shown, handlers };
}
