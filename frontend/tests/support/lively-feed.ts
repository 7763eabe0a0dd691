/** The feed of a lively room, with a clock that the test advances. */
import { RoomFeed } from "@/lib/feed/room-feed";
import { FakeClock } from "./fake-clock";
import { LivelyRoom } from "./lively-room";

export interface LivelyFeed {
  readonly room: LivelyRoom;
  readonly clock: FakeClock;
  readonly feed: RoomFeed;
}

export function livelyFeed(): LivelyFeed {
  const room = new LivelyRoom();
  const clock = new FakeClock();
  const { api, openStream, streamTicket } = room;
  const feed = new RoomFeed({ roomId: "lobby", api, openStream, streamTicket, clock, random: () => 0.5 });
  return { room, clock, feed };
}
