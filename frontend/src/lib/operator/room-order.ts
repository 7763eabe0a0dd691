import type { OpsRoom } from "@/lib/contract/types";

/** The rooms in the order to show. `held`: the ids whose order may not change now, because the reader is about to pick one;
 * rooms that came since follow them. Null: the order of the snapshot, the hottest first. */
export function roomsInOrder(rooms: readonly OpsRoom[], held: readonly string[] | null): readonly OpsRoom[] {
  if (held === null) return rooms;
  const byId = new Map(rooms.map((room) => [room.id, room]));
  const kept = held.flatMap((id) => byId.get(id) ?? []);
  const isHeld = new Set(held);
  return [...kept, ...rooms.filter(({ id }) => !isHeld.has(id))];
}
