import { afterEach, expect, it } from "vitest";
import type { ChatApi } from "@/lib/api/chat-api";
import type { HostApi } from "@/lib/api/host-api";
import { Problem } from "@/lib/api/problem";
import type { Message, RoomEvent } from "@/lib/contract/types";
import { checkedApi, checkedListener, violationsSoFar } from "./support/contract";
import { created, message } from "./support/fake-room";

const page = { messages: [message(1)], cursor: 1, has_more: false };
const fake = (answers: Record<string, unknown>) =>
  checkedApi(
    Object.fromEntries(
      Object.entries(answers).map(([name, value]) => [
        name,
        () => (value instanceof Problem ? Promise.reject(value) : Promise.resolve(value)),
      ]),
    ),
  ) as unknown as ChatApi & HostApi;

afterEach(() => {
  violationsSoFar(); // these tests cause them
});

it("lets a fake answer what the server would", async () => {
  await expect(fake({ page }).page("lobby", { before_seq: 7 })).resolves.toBe(page);
  await expect(fake({ react: 2 }).react("lobby", "message-1", "heart", true)).resolves.toBe(2);
  await expect(fake({ typing: undefined }).typing("lobby")).resolves.toBeUndefined();
});

it("refuses a request that the server would refuse", () => {
  expect(() => fake({ search: {} }).search("lobby", "hello", { limit: 100 })).toThrow(/limit/);
  expect(() => fake({ search: {} }).search("lobby", "x".repeat(101))).toThrow(/q/);
  expect(() => fake({ page }).page("lobby", { limit: 101 } as object)).toThrow(/limit/);
  expect(() => fake({ page }).page("lobby", { since: 1 } as object)).toThrow(/since/);
  expect(() => fake({ page }).page("Not an id")).toThrow(/room_id/);
  expect(() => fake({ changeRoom: {} }).changeRoom("lobby", { slow_mode_s: -1 })).toThrow(/body/);
  expect(() => fake({ post: {} }).post("lobby", { text: "x" } as never)).toThrow(/body/);
});

it("refuses a response that the server would not send", async () => {
  await expect(fake({ page: { messages: [] } }).page("lobby")).rejects.toThrow(/cursor/);
  await expect(fake({ page: { ...page, more: 1 } }).page("lobby")).rejects.toThrow(/additional/);
  await expect(fake({ react: "2" }).react("lobby", "message-1", "heart", true)).rejects.toThrow(/count/);
  await expect(fake({ me: new Problem(418, "teapot", "") }).me()).rejects.toThrow(/code/);
  await expect(fake({ me: new Problem(503, "rate_limited", "") }).me()).rejects.toThrow(/rate_limited/);
  await expect(fake({ me: new Problem(0, "unreachable", "") }).me()).rejects.toThrow(Problem);
});

it("refuses an event that no stream would send", () => {
  const heard: RoomEvent[] = [];
  const listener = checkedListener({
    opened: () => undefined,
    event: (event) => heard.push(event),
    gap: () => undefined,
    skipped: () => undefined,
    ping: () => undefined,
    closed: () => undefined,
  });
  listener.event(created(message(1)));
  const textless = { ...message(2), text: undefined } as unknown as Message;
  expect(() => listener.event(created(textless))).toThrow(/text/);
  expect(() => listener.gap({ from_seq: 1 } as never)).toThrow(/to_seq/);
  expect(heard).toHaveLength(1);
});
