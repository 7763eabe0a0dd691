import { beforeEach, expect, it } from "vitest";
import { NotifyHub } from "@/lib/stream/notify-hub";
import type { OpenNotify } from "@/lib/stream/notify-stream";

type Listener = Parameters<OpenNotify>[1];

const LISTS_MAX = 2;

let upstreams: { roomIds: string; listener: Listener }[];
let hub: NotifyHub;

beforeEach(() => {
  upstreams = [];
  hub = new NotifyHub((roomIds, listener) => {
    const upstream = { roomIds: roomIds.join(" "), listener };
    upstreams.push(upstream);
    return () => void (upstreams = upstreams.filter((each) => each !== upstream));
  }, LISTS_MAX);
});

const join = (...roomIds: string[]) => joinAs(undefined, ...roomIds);

function joinAs(readerId: string | undefined, ...roomIds: string[]) {
  const heard: string[] = [];
  const leave = hub.join(
    roomIds,
    {
      updated: ({ room_id, seq }) => void heard.push(`${room_id} ${seq}`),
      signal: (type) => void heard.push(type),
      ping: () => void heard.push("ping"),
      closed: () => void heard.push("closed"),
    },
    readerId === undefined ? undefined : { ticket: `ticket of ${readerId}`, readerId },
  );
  return { heard, leave };
}

const update = (seq: number) =>
  upstreams[0]?.listener.updated({ type: "room.updated", room_id: "lobby", seq });

it("opens one stream for the tabs that show the same rooms, and closes it after the last one", () => {
  const [first, second] = [join("lobby"), join("lobby")];
  expect(upstreams.map(({ roomIds }) => roomIds)).toEqual(["lobby"]);
  update(7);
  upstreams[0]?.listener.ping();
  expect([first.heard, second.heard]).toEqual([
    ["lobby 7", "ping"],
    ["lobby 7", "ping"],
  ]);
  first.leave();
  expect(upstreams).toHaveLength(1);
  second.leave();
  expect(upstreams).toHaveLength(0);
});

it("sends a tab that joins later the latest state of each room, but no earlier ping", () => {
  join("lobby");
  update(7);
  update(8);
  upstreams[0]?.listener.signal("room.heat", { room_id: "lobby" });
  upstreams[0]?.listener.ping();
  expect(join("lobby").heard).toEqual(["lobby 8", "room.heat"]);
});

it("reports a closed stream to all its tabs, and opens another one for the next tab", () => {
  const [first, second] = [join("lobby"), join("lobby")];
  upstreams[0]?.listener.closed();
  expect([first.heard, second.heard]).toEqual([["closed"], ["closed"]]);
  join("lobby");
  expect(upstreams).toHaveLength(2);
});

it("refuses one list more than the browser has connections for", () => {
  join("lobby");
  join("games");
  expect(join("music").heard).toEqual(["closed"]);
  expect(join("lobby").heard).toEqual([]);
});

it("shares a list with private rooms between the tabs of one person only", () => {
  for (const reader of ["ann", "ann"]) joinAs(reader, "lobby");
  update(7);
  expect(joinAs("bob", "lobby").heard).toEqual([]);
  expect(upstreams).toHaveLength(2);
});
