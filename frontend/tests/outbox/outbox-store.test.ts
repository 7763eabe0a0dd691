import "fake-indexeddb/auto";
import { deleteDB } from "idb";
import { expect, it } from "vitest";
import { indexedDbOutboxStore, type StoredPost } from "@/lib/outbox/outbox-store";

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

it("lets another tab delete the database, and stores again afterwards", async () => {
  const store = indexedDbOutboxStore("cleared");
  await store.put(post("one"));
  await deleteDB("cleared");
  await store.remove("one");
  await store.put(post("two"));
  expect(await clientIds("cleared")).toEqual(["two"]);
});
