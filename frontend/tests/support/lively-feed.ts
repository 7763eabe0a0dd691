/** The feed of a lively room, with a clock that the test advances. */
import type { RoomFeed } from "@/lib/feed/room-feed";
import { FakeClock } from "./fake-clock";
import { feedOf } from "./fake-room";
import { LivelyRoom } from "./lively-room";

export interface LivelyFeed {
  readonly room: LivelyRoom;
  readonly clock: FakeClock;
  readonly feed: RoomFeed;
}

export function livelyFeed(): LivelyFeed {
  const room = new LivelyRoom();
  const clock = new FakeClock();
  return { room, clock, feed: feedOf(room, clock) };
}
