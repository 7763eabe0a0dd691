import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as Storage from "@/lib/safe-storage";
import { MemoryStorage } from "./support/memory-storage";

let storage: typeof Storage;
let browser: MemoryStorage;

beforeEach(async () => {
  vi.resetModules();
  storage = await import("@/lib/safe-storage");
  browser = new MemoryStorage();
  vi.stubGlobal("localStorage", browser);
});
afterEach(() => vi.unstubAllGlobals());

const fill = () => {
  browser.setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
};

it("keeps values in the browser's storage", () => {
  expect(storage.writeStored("a", "1")).toBe(true);
  expect([storage.readStored("a"), browser.getItem("a")]).toEqual(["1", "1"]);
  storage.removeStored("a");
  expect([storage.readStored("a"), browser.getItem("a")]).toEqual([null, null]);
});

it("keeps a value until the page is closed when the storage is full", () => {
  storage.writeStored("a", "old");
  fill();
  expect(storage.writeStored("a", "new")).toBe(false);
  expect([storage.readStored("a"), browser.getItem("a")]).toEqual(["new", "old"]);
  storage.removeStored("a");
  expect(storage.readStored("a")).toBe(null);
});

it("does not leave another user's id to other tabs when the storage is full", () => {
  const safe = new storage.SafeStorage();
  safe.setItem("user", "ann");
  fill();
  safe.setItem("user", "bob");
  expect([safe.getItem("user"), browser.getItem("user")]).toEqual(["bob", null]);
});

it("keeps a limited number of values that the storage does not take", () => {
  fill();
  for (let key = 0; key <= storage.UNSAVED_MAX; key += 1) storage.writeStored(`${key}`, "x");
  expect([storage.readStored("0"), storage.readStored("1")]).toEqual([null, "x"]);
});

describe.each([
  ["is missing", undefined],
  ["is forbidden", "forbidden"],
  ["is locked", "locked"],
])("when localStorage %s", (_, state) => {
  beforeEach(() => {
    const refuse = () => {
      throw new DOMException("denied", "SecurityError");
    };
    if (state === undefined) vi.stubGlobal("localStorage", undefined);
    else if (state === "forbidden")
      Object.defineProperty(globalThis, "localStorage", { get: refuse, configurable: true });
    else Object.assign(browser, { getItem: refuse, setItem: refuse, removeItem: refuse, key: refuse });
  });

  it("keeps values until the page is closed", () => {
    const safe = new storage.SafeStorage();
    expect(storage.readStored("a")).toBe(null);
    expect(storage.writeStored("a", "1")).toBe(false);
    expect([storage.readStored("a"), storage.storedKeys("a"), safe.length, safe.key(0)]).toEqual([
      "1",
      ["a"],
      1,
      "a",
    ]);
    safe.clear();
    expect(storage.readStored("a")).toBe(null);
  });
});

it.each([
  ["changes", "of another tab", "a"],
  ["removes", null, "a"],
  ["clears", null, null],
])("forgets a value that was not saved once another tab %s it", (_how, stored, key) => {
  fill();
  storage.writeStored("a", "of this tab");
  storage.writeStored("b", "of this tab");
  if (stored !== null) browser.getItem = (name) => (name === "a" ? stored : null);
  storage.onStorageEvent({ key });
  expect(storage.readStored("a")).toBe(stored);
  expect(storage.readStored("b")).toBe(key === null ? null : "of this tab");
});
