import { expect, it } from "vitest";
import type { ListedRoom } from "@/lib/contract/types";
import { addRoom, inOrderOf, listedRooms, updateRoom, withNewerRooms } from "@/lib/rooms/room-list";

const room = (id: string, change: Partial<ListedRoom> = {}): ListedRoom => ({
  id,
  name: id,
  visibility: "public",
  owner_id: null,
  last_seq: 5,
  message_count: 5,
  heat: { hot: false, since: null, fetches_per_s: 0 },
  slow_mode_s: 0,
  viewers: 0,
  last_message: null,
  ...change,
});

const pages = (...rooms: ListedRoom[][]) => ({
  pages: rooms.map((page) => ({ rooms: page, next_cursor: null })),
  pageParams: rooms.map(() => undefined),
});

const names = (data: ReturnType<typeof pages>) => listedRooms(data).map(({ name }) => name);

it("lists a room once if it moved to another page between two fetches", () => {
  expect(names(pages([room("a"), room("b")], [room("b"), room("c")]))).toEqual(["a", "b", "c"]);
});

it("shows a new room at the top, once", () => {
  const data = addRoom(pages([room("a")]), "new", "A new room");
  expect(names(data)).toEqual(["A new room", "a"]);
  expect(addRoom(data, "new", "A new room")).toBe(data);
});

it.each(["constructor", "__proto__", "0"])("renames and adds a room with the id %s as any other", (id) => {
  const data = addRoom(pages([room("a")]), id, "Before");
  const renamed = updateRoom(data, { type: "room.updated", room_id: id, seq: 1, name: "After" });
  expect(names(renamed)).toEqual(["After", "a"]);
});

it("keeps what an update does not mention", () => {
  const update = { type: "room.updated", room_id: "a", seq: 9, message_count: 7 } as const;
  const [changed] = listedRooms(updateRoom(pages([room("a", { viewers: 3 })]), update));
  expect(changed).toEqual(room("a", { last_seq: 9, message_count: 7, viewers: 3 }));
});

it("keeps messages that the stream reported while the list was fetched, and their rooms at the top", () => {
  const before = pages([room("a", { last_seq: 9, message_count: 7 }), room("d", { last_seq: 6 }), room("b")]);
  const fetched = pages([room("c"), room("b")], [room("a", { name: "renamed" }), room("d")]);
  const merged = listedRooms(withNewerRooms(before, fetched));
  expect(merged[0]).toEqual(room("a", { last_seq: 9, message_count: 7, name: "renamed" }));
  expect(merged.map(({ id }) => id)).toEqual(["a", "d", "c", "b"]);
  expect(withNewerRooms(undefined, fetched)).toBe(fetched);
});

const updated = (roomId: string, seq: number) => ({ type: "room.updated", room_id: roomId, seq }) as const;

it("moves a room with a newer event to the top, from any page", () => {
  const data = pages([room("a"), room("b")], [room("c"), room("d")]);
  expect(names(updateRoom(data, updated("b", 6)))).toEqual(["b", "a", "c", "d"]);
  expect(names(updateRoom(data, updated("d", 6)))).toEqual(["d", "a", "b", "c"]);
});

it("leaves the order unchanged when an update is not newer, or is of a room that is not listed", () => {
  const data = pages([room("a"), room("b")]);
  expect(names(updateRoom(data, updated("b", 5)))).toEqual(["a", "b"]);
  expect(names(updateRoom(data, updated("elsewhere", 9)))).toEqual(["a", "b"]);
});

it("keeps the order that the reader sees, with later rooms at its end", () => {
  const ids = (rooms: readonly ListedRoom[]) => rooms.map(({ id }) => id);
  const now = [room("new"), room("c"), room("a"), room("b")];
  expect(ids(inOrderOf(now, ["a", "b", "c"]))).toEqual(["a", "b", "c", "new"]);
  expect(ids(inOrderOf(now, ["gone", "b"]))).toEqual(["b", "new", "c", "a"]);
});
