import { expect, it } from "vitest";
import { Problem } from "@/lib/api/problem";
import type { Ticket } from "@/lib/contract/types";
import { openListStream } from "@/lib/rooms/list-stream";
import type { OpenNotify } from "@/lib/stream/notify-stream";
import { checkedApi } from "../support/contract";
import { settled } from "../support/fake-clock";

const closedOf = (heard: string[]): Parameters<OpenNotify>[1] => ({
  updated: () => undefined,
  signal: () => undefined,
  ping: () => undefined,
  closed: () => void heard.push("closed"),
});

const api = (answer: () => Promise<Ticket>, asked: string[][] = []) =>
  checkedApi({
    listTicket: (rooms: string[]) => {
      asked.push(rooms);
      return answer();
    },
  });
const granted = () => Promise.resolve({ ticket: "t", expires_at: "" });

it("gets a ticket each time a list with private rooms is opened, and none for public rooms", async () => {
  const asked: string[][] = [];
  const opened: (string | undefined)[] = [];
  const openNotify: OpenNotify = (_roomIds, _listener, ticket) => {
    opened.push(ticket?.ticket);
    return () => undefined;
  };
  const deps = { api: api(granted, asked), openNotify };
  openListStream({ ...deps, readerId: undefined })(["lobby"], closedOf([]));
  openListStream({ ...deps, readerId: "ann" })(["lobby", "secret"], closedOf([]));
  await settled();
  expect(asked).toEqual([["lobby", "secret"]]);
  expect(opened).toEqual([undefined, "t"]);
});

it("reports a refused ticket as a closed stream, unless the list is gone by then", async () => {
  const heard: string[] = [];
  const refused = api(() => Promise.reject(new Problem(429, "rate_limited", "")));
  const open = openListStream({ api: refused, openNotify: () => () => undefined, readerId: "ann" });
  open(["secret"], closedOf(heard));
  open(["secret"], closedOf(heard))();
  await settled();
  expect(heard).toEqual(["closed"]);
});
