import { beforeEach, expect, it, vi } from "vitest";
import { OWN_STORED_MAX, storedOwnMessages } from "@/lib/room-view/own-messages";
import { MemoryStorage } from "../support/memory-storage";

beforeEach(() => vi.stubGlobal("localStorage", new MemoryStorage()));

it("keeps the newest messages of a person in a room over reloads", () => {
  const room = storedOwnMessages("lobby");
  expect(room.ids("ann")).toEqual([]);
  for (let number = 0; number <= OWN_STORED_MAX; number += 1) room.add("ann", `message-${number}`);
  room.add("ann", "message-7");
  const ids = storedOwnMessages("lobby").ids("ann");
  expect(ids).toHaveLength(OWN_STORED_MAX);
  expect([ids[0], ids.at(-1)]).toEqual(["message-1", `message-${OWN_STORED_MAX}`]);
});

it("keeps rooms and people apart", () => {
  storedOwnMessages("lobby").add("ann", "one");
  storedOwnMessages("games").add("ann", "two");
  expect(storedOwnMessages("lobby").ids("ann")).toEqual(["one"]);
  expect(storedOwnMessages("lobby").ids("bob")).toEqual([]);
  storedOwnMessages("lobby").add("bob", "three");
  expect(storedOwnMessages("lobby").ids("bob")).toEqual(["three"]);
});
