import { useState, useSyncExternalStore } from "react";
import type { OpsRoom, OpsSnapshot } from "@/lib/contract/types";
import { OrderHold } from "@/lib/order-hold";
import { inOrderOf } from "@/lib/rooms/room-list";
import { holdHandlers } from "@/ui/hold-handlers";
import { useServices } from "@/ui/services-context";

export interface RoomsByHeat {
  readonly rooms: readonly OpsRoom[];
  /** Further rooms with heat or viewers; null: unknown. */
  readonly omitted: number | null;
  /** Handlers of the list, whose order may not change under the pointer or the focus. */
  readonly handlers: ReturnType<typeof holdHandlers>;
  /** The room whose rules the operator is changing. */
  readonly changed: OpsRoom | null;
  readonly change: (room: OpsRoom | null) => void;
}

/** The rooms of a snapshot, the hottest first. */
export function useRoomsByHeat(snapshot: OpsSnapshot | null): RoomsByHeat {
  const { clock } = useServices();
  const [hold] = useState(() => new OrderHold(clock));
  const held = useSyncExternalStore(hold.subscribe, hold.getSnapshot);
  const [changed, change] = useState<OpsRoom | null>(null);
  const latest = snapshot?.rooms ?? [];
  const rooms = held === null ? latest : inOrderOf(latest, held);
  const ids = rooms.map(({ id }) => id);
  return {
    rooms,
    omitted: snapshot?.rooms_omitted ?? null,
    handlers: holdHandlers(
      (reason) => hold.begin(reason, ids),
      (reason) => hold.end(reason),
    ),
    changed,
    change,
  };
}
