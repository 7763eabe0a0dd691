import { beforeEach, describe, expect, it, vi } from "vitest";
import { StoredMap } from "@/lib/stored-map";
import { MemoryStorage } from "./support/memory-storage";

const KEY = "hotchat.example";
const MAX = 3;

let storage: MemoryStorage;

const stored = () => new StoredMap(KEY, MAX);
const keys = () => Array.from({ length: storage.length }, (_, index) => storage.key(index));

beforeEach(() => {
  storage = new MemoryStorage();
  vi.stubGlobal("localStorage", storage);
});

it.each(["lobby", "7", "constructor", "__proto__", "a.b", ""])(
  "keeps an entry named %j over reloads",
  (name) => {
    expect(stored().get(name)).toBeUndefined();
    stored().set(name, "one");
    stored().set(name, "two");
    expect(stored().get(name)).toBe("two");
    stored().delete(name);
    expect(stored().get(name)).toBeUndefined();
  },
);

it("keeps one key for all entries, and none for an empty map", () => {
  const map = stored();
  map.set("lobby", "one");
  map.set("games", "two");
  expect(keys()).toEqual([KEY]);
  map.delete("lobby");
  map.delete("games");
  expect(keys()).toEqual([]);
});

it.each(["room-", ""])(
  "drops the entry that was set longest ago over the limit: names begin with %j",
  (prefix) => {
    const map = stored();
    for (const number of [1, 2, 3, 1, 4]) map.set(`${prefix}${number}`, "value");
    expect([1, 2, 3, 4].filter((number) => map.get(`${prefix}${number}`) !== undefined)).toEqual([1, 3, 4]);
  },
);

it("keeps what another tab has set", () => {
  const [here, there] = [stored(), stored()];
  here.set("lobby", "one");
  there.set("games", "two");
  here.set("music", "three");
  expect([there.get("lobby"), there.get("games"), there.get("music")]).toEqual(["one", "two", "three"]);
});

it.each(["", "half of a", "{}", "null", '"text"', '[["lobby"]]', '[["lobby", 1]]', "[1, null]"])(
  "starts empty if the stored text is unreadable: %j",
  (json) => {
    storage.setItem(KEY, json);
    expect(stored().get("lobby")).toBeUndefined();
    stored().set("lobby", "one");
    expect(stored().get("lobby")).toBe("one");
  },
);

describe("the keys of earlier versions", () => {
  it("are read once and removed, and count as older than the entries of the map", () => {
    storage.setItem(KEY, '[["lobby","new"]]');
    for (const name of ["a", "b", "c", "lobby"]) storage.setItem(`${KEY}.${name}`, `former ${name}`);
    storage.setItem("hotchat.examples", "another feature's");
    const map = stored();
    expect(map.get("lobby")).toBe("new");
    expect(map.get("a")).toBeUndefined();
    expect([map.get("b"), map.get("c")]).toEqual(["former b", "former c"]);
    expect(keys().sort()).toEqual([KEY, "hotchat.examples"]);
  });

  it("stay until a full storage has room for the map", () => {
    storage.setItem(`${KEY}.lobby`, "former");
    const setItem = vi.spyOn(storage, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    const map = stored();
    expect(map.get("lobby")).toBe("former");
    expect(keys()).toEqual([`${KEY}.lobby`]);
    setItem.mockRestore();
    expect(map.get("lobby")).toBe("former");
    expect(keys()).toEqual([KEY]);
  });
});

it("keeps entries until the page is closed where the browser forbids storage", () => {
  vi.stubGlobal("localStorage", undefined);
  const map = stored();
  map.set("lobby", "one");
  expect(map.get("lobby")).toBe("one");
  map.delete("lobby");
  expect(map.get("lobby")).toBeUndefined();
});
