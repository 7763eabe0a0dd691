/** Moves a room's feed to the lane that the reader's choice, the device and the room's heat ask for. */
import type { Clock } from "@/lib/clock";
import type { Device } from "@/lib/device";
import type { RoomFeed } from "@/lib/feed/room-feed";
import type { ReadingPaceChoice } from "@/lib/reading-pace";
import { COOL, laneFor, nextHeldHeat } from "./lane-policy";

interface LaneSwitchDependencies {
  readonly feed: Pick<RoomFeed, "subscribe" | "getSnapshot" | "setLane">;
  readonly readingPace: Pick<ReadingPaceChoice, "subscribe" | "getSnapshot">;
  readonly device: Device;
  readonly clock: Clock;
}

/** Keep the feed in the right lane until the returned function is called. */
export function switchLanes({ feed, readingPace, device, clock }: LaneSwitchDependencies): () => void {
  let heat = COOL;
  let cancelTimer = () => {};
  const update = () => {
    const before = heat;
    heat = nextHeldHeat(heat, isHotNow(feed), clock.now());
    if (heat.coolAtMs !== before.coolAtMs) {
      cancelTimer();
      if (heat.coolAtMs !== null) cancelTimer = clock.after(heat.coolAtMs - clock.now(), update);
    }
    feed.setLane(
      laneFor({
        pace: readingPace.getSnapshot(),
        savesData: device.savesData(),
        isPhone: device.isPhone(),
        isHot: heat.isHot,
      }),
    );
  };
  update();
  const stops = [feed, readingPace, device].map((source) => source.subscribe(update));
  return () => {
    cancelTimer();
    for (const stop of stops) stop();
  };
}

const isHotNow = (feed: Pick<RoomFeed, "getSnapshot">): boolean => feed.getSnapshot().room?.heat.hot === true;
