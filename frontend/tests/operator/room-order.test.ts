import { expect, it } from "vitest";
import type { OpsRoom } from "@/lib/contract/types";
import { inOrderOf } from "@/lib/rooms/room-list";

const room = (id: string, posts_per_s = 0): OpsRoom => ({
  id,
  name: id,
  visibility: "public",
  hot: false,
  level: 0,
  fetches_per_s: 0,
  posts_per_s,
  viewers: 0,
  slow_mode_s: 0,
  slow_mode: null,
  who_can_post: "everyone",
});
const ids = (rooms: readonly OpsRoom[]) => rooms.map(({ id }) => id);

it("has the order of the snapshot while no order is held", () => {
  expect(ids(inOrderOf([room("b"), room("a")], []))).toEqual(["b", "a"]);
});

it("keeps a held order with new figures; new rooms follow, and rooms that are gone leave", () => {
  const shown = inOrderOf([room("new"), room("c", 7), room("a", 9)], ["a", "b", "c"]);
  expect(ids(shown)).toEqual(["a", "c", "new"]);
  expect(shown[0]?.posts_per_s).toBe(9);
});
