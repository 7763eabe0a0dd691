import { expect, it } from "vitest";
import { Problem } from "@/lib/api/problem";
import { onReaderChange } from "@/lib/session/reader-change";
import { SessionStore } from "@/lib/session/session-store";
import { checkedApi } from "../support/contract";
import { MemoryStorage } from "../support/memory-storage";

const userOf = (nickname: string) => ({ id: `${nickname}-id`, nickname });

it("reports another reader, and not that the app learns who reads", async () => {
  let me = () => Promise.resolve(userOf("ann"));
  const api = checkedApi({
    me: () => me(),
    createSession: (nickname: string) =>
      Promise.resolve({ user: userOf(nickname), token: "t", expires_at: "" }),
    endSession: () => Promise.resolve(),
    endAllSessions: () => Promise.resolve(),
  });
  const session = new SessionStore(api, new MemoryStorage());
  const former: (string | null)[] = [];
  const stop = onReaderChange(session, (reader) => former.push(reader));
  await session.load();
  await session.load();
  expect(former).toEqual([]);
  await session.signOut(false);
  expect(former).toEqual(["ann-id"]);
  await session.join("bob");
  expect(former).toEqual(["ann-id", null]);
  me = () => Promise.reject(new Problem(401, "session_expired", ""));
  await session.load(); // the session has ended elsewhere
  expect(former).toEqual(["ann-id", null, "bob-id"]);
  stop();
  await session.join("cho");
  expect(former).toHaveLength(3);
});
