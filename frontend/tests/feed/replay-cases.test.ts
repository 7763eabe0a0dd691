import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { MessagePage, RoomEvent } from "@/lib/contract/types";
import { applyEvent, fromSnapshot } from "@/lib/feed/room-state";

interface Case {
  name: string;
  before: MessagePage;
  events: RoomEvent[];
  after: MessagePage;
}

const path = new URL("../../../tests/contract/replay_cases.json", import.meta.url);
const cases = JSON.parse(readFileSync(path, "utf8")) as Case[];

it.each(cases)("$name", ({ before, events, after }) => {
  const state = events.reduce(
    (now, event) => applyEvent(now, event, 0),
    fromSnapshot(before, { id: "lobby" }),
  );
  const { messages, cursor, pinned = [] } = after;
  expect({ messages: state.messages, cursor: state.seq, pinned: state.pinned }).toEqual({
    messages,
    cursor,
    pinned,
  });
});
