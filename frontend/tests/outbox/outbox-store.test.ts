import "fake-indexeddb/auto";
import { deleteDB } from "idb";
import { expect, it } from "vitest";
import { indexedDbOutboxStore } from "@/lib/outbox/indexed-db-outbox-store";
import { lazyOutboxStore, type StoredPost } from "@/lib/outbox/outbox-store";
import { memoryOutboxStore } from "../support/memory-outbox-store";

const post = (clientId: string): StoredPost => ({
  clientId,
  userId: "ann",
  roomId: "lobby",
  text: `text of ${clientId}`,
  replyTo: null,
  queuedAtMs: 1,
  failedCode: null,
});

const clientIds = async (name: string) =>
  (await indexedDbOutboxStore(name).all()).map((each) => each.clientId);

it("keeps posts over reloads", async () => {
  const store = indexedDbOutboxStore("reload");
  await store.put(post("one"));
  await store.put(post("two"));
  await store.remove("one");
  expect(await clientIds("reload")).toEqual(["two"]);
});

it("lets another tab delete the database, and stores posts again afterwards", async () => {
  const store = indexedDbOutboxStore("cleared");
  await store.put(post("one"));
  await deleteDB("cleared");
  await store.remove("one");
  await store.put(post("two"));
  expect(await clientIds("cleared")).toEqual(["two"]);
});

it("leaves out values of another version of the app of which no post can be made", async () => {
  const store = indexedDbOutboxStore("versions");
  await store.put({ clientId: "one" } as StoredPost);
  await store.put({ ...post("two"), queuedAtMs: NaN });
  expect(await store.all()).toEqual([{ ...post("two"), queuedAtMs: 0 }]);
});

it("is loaded on its first call, and on the next one after a failure", async () => {
  let loads = 0;
  const store = lazyOutboxStore(() => {
    loads += 1;
    return loads === 1
      ? Promise.reject(new TypeError("Failed to fetch"))
      : Promise.resolve(memoryOutboxStore());
  });
  expect(loads).toBe(0);
  await expect(store.put(post("one"))).rejects.toThrow("Failed to fetch");
  await Promise.all([store.put(post("two")), store.put(post("three"))]);
  await store.remove("two");
  expect([loads, (await store.all()).map(({ clientId }) => clientId)]).toEqual([2, ["three"]]);
});
