import { expect, it } from "vitest";
import type { ListedRoom } from "@/lib/contract/types";
import { addRoom, changeOf, changeRoom, listedRooms, withNewerRooms } from "@/lib/rooms/room-list";

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

it("lists a room once that moved to another page between two fetches", () => {
  expect(names(pages([room("a"), room("b")], [room("b"), room("c")]))).toEqual(["a", "b", "c"]);
});

it("shows a new room at the top, once", () => {
  const data = addRoom(pages([room("a")]), "new", "A new room");
  expect(names(data)).toEqual(["A new room", "a"]);
  expect(addRoom(data, "new", "A new room")).toBe(data);
});

it.each(["constructor", "__proto__", "0"])("renames and adds a room with the id %s as any other", (id) => {
  const data = addRoom(pages([room("a")]), id, "Before");
  const renamed = changeRoom(
    data,
    id,
    changeOf({ type: "room.updated", room_id: id, seq: 1, name: "After" }),
  );
  expect(names(renamed)).toEqual(["After", "a"]);
});

it("keeps what an update does not mention", () => {
  const update = { type: "room.updated", room_id: "a", seq: 9, message_count: 7 } as const;
  const [changed] = listedRooms(changeRoom(pages([room("a", { viewers: 3 })]), "a", changeOf(update)));
  expect(changed).toEqual(room("a", { last_seq: 9, message_count: 7, viewers: 3 }));
});

it("keeps messages that the stream reported while the list was fetched", () => {
  const before = pages([room("a", { last_seq: 9, message_count: 7 })]);
  const fetched = pages([room("b"), room("a", { name: "renamed" })]);
  const [, merged] = listedRooms(withNewerRooms(before, fetched));
  expect(merged).toEqual(room("a", { last_seq: 9, message_count: 7, name: "renamed" }));
  expect(withNewerRooms(undefined, fetched)).toBe(fetched);
});
