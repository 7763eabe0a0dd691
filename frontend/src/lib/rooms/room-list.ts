/** The list of rooms as pages, and what the room-list stream changes in it. Pure. */
import type { Heat, ListedRoom, RoomsPage, RoomUpdated } from "@/lib/contract/types";

export interface RoomPages<Cursor = unknown> {
  readonly pages: RoomsPage[];
  readonly pageParams: Cursor[];
}

type RoomChange = Partial<ListedRoom>;

const COLD: Heat = { hot: false, since: null, fetches_per_s: 0 };

/** Every room once, the one with the newest event first. A room may move to another page between two fetches. */
export function listedRooms({ pages }: RoomPages): ListedRoom[] {
  const rooms = new Map<string, ListedRoom>();
  for (const room of pages.flatMap((page) => page.rooms)) {
    if (!rooms.has(room.id)) rooms.set(room.id, room);
  }
  return [...rooms.values()];
}

export function changeRoom<Pages extends RoomPages>(data: Pages, roomId: string, change: RoomChange): Pages {
  return {
    ...data,
    pages: data.pages.map((page) => ({
      ...page,
      rooms: page.rooms.map((room) => (room.id === roomId ? { ...room, ...change } : room)),
    })),
  };
}

/** The list with a new room at its top; unchanged if it has the room already. */
export function addRoom<Pages extends RoomPages>(data: Pages, roomId: string, name: string): Pages {
  const [first, ...others] = data.pages;
  if (first === undefined || data.pages.some((page) => page.rooms.some(({ id }) => id === roomId)))
    return data;
  const room: ListedRoom = {
    id: roomId,
    name,
    visibility: "public",
    owner_id: null,
    last_seq: 0,
    message_count: 0,
    heat: COLD,
    slow_mode_s: 0,
    viewers: 0,
    last_message: null,
  };
  return { ...data, pages: [{ ...first, rooms: [room, ...first.rooms] }, ...others] };
}

/** The list after an update of a room. A room with a newer event comes first. */
export function updateRoom<Pages extends RoomPages>(data: Pages, update: RoomUpdated): Pages {
  const { room_id, seq } = update;
  const known = listedRooms(data).find(({ id }) => id === room_id);
  const changed = changeRoom(data, room_id, changeOf(update));
  return known === undefined || seq <= known.last_seq ? changed : toTop(changed, room_id);
}

function toTop<Pages extends RoomPages>(data: Pages, roomId: string): Pages {
  const room = listedRooms(data).find(({ id }) => id === roomId);
  const [first, ...others] = data.pages.map((page) => ({
    ...page,
    rooms: page.rooms.filter(({ id }) => id !== roomId),
  }));
  if (room === undefined || first === undefined) return data;
  return { ...data, pages: [{ ...first, rooms: [room, ...first.rooms] }, ...others] };
}

/** Those of the rooms whose name contains the query. */
export const roomsNamedHere = (query: string, rooms: readonly ListedRoom[]): ListedRoom[] =>
  rooms.filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()));

/** The rooms in the order of these ids; others follow in their own order. */
export function inOrderOf<Room extends { readonly id: string }>(
  rooms: readonly Room[],
  ids: readonly string[],
): Room[] {
  const places = new Map(ids.map((id, place) => [id, place]));
  const placeOf = ({ id }: Room) => places.get(id) ?? ids.length;
  return [...rooms].sort((a, b) => placeOf(a) - placeOf(b));
}

/** The fields of a listed room that an update contains. */
function changeOf({ seq, message_count, last_message, name }: RoomUpdated): RoomChange {
  return {
    last_seq: seq,
    ...(message_count !== undefined && { message_count }),
    ...(last_message !== undefined && { last_message }),
    ...(name !== undefined && { name }),
  };
}

/** A fetched list with the newer events that the stream has already reported. Rooms with such events come first. */
export function withNewerRooms<Pages extends RoomPages>(before: Pages | undefined, fetched: Pages): Pages {
  if (before === undefined) return fetched;
  const seqs = new Map(listedRooms(fetched).map(({ id, last_seq }) => [id, last_seq]));
  const newer = listedRooms(before).filter(({ id, last_seq }) => last_seq > (seqs.get(id) ?? Infinity));
  return newer.reduceRight((data, { id, last_seq, message_count, last_message }) => {
    return toTop(changeRoom(data, id, { last_seq, message_count, last_message }), id);
  }, fetched);
}
