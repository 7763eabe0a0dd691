/** The list of rooms as pages, and what the room-list stream changes in it. Pure. */
import type { Heat, ListedRoom, RoomsPage, RoomUpdated } from "@/lib/contract/types";

export interface RoomPages<Cursor = unknown> {
  readonly pages: RoomsPage[];
  readonly pageParams: Cursor[];
}

type RoomChange = Partial<ListedRoom>;

const COLD: Heat = { hot: false, since: null, fetches_per_s: 0 };

/** Every room once, the most active first. A room may move to another page between two fetches. */
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

/** What an update says of a room. */
export function changeOf({ seq, message_count, last_message, name }: RoomUpdated): RoomChange {
  return {
    last_seq: seq,
    ...(message_count !== undefined && { message_count }),
    ...(last_message !== undefined && { last_message }),
    ...(name !== undefined && { name }),
  };
}

/** A fetched list, with what the stream has already reported of newer messages. */
export function withNewerRooms<Pages extends RoomPages>(before: Pages | undefined, fetched: Pages): Pages {
  if (before === undefined) return fetched;
  const known = new Map(listedRooms(before).map((room) => [room.id, room]));
  return {
    ...fetched,
    pages: fetched.pages.map((page) => ({
      ...page,
      rooms: page.rooms.map((room) => {
        const newer = known.get(room.id);
        if (newer === undefined || newer.last_seq <= room.last_seq) return room;
        const { last_seq, message_count, last_message } = newer;
        return { ...room, last_seq, message_count, last_message };
      }),
    })),
  };
}
