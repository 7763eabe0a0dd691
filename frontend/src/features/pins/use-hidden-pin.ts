import { useState } from "react";
import { StoredMap } from "@/lib/stored-map";

const ROOMS_MAX = 200;
const hiddenPins = new StoredMap("hotchat.pin-hidden", ROOMS_MAX);

interface HiddenPin {
  /** The id of the pinned message that the reader has hidden. */
  readonly hiddenId: string | undefined;
  readonly hide: (messageId: string) => void;
}

/** The hidden pinned message of a room, kept over reloads. */
export function useHiddenPin(roomId: string): HiddenPin {
  const [hiddenId, setHiddenId] = useState(() => hiddenPins.get(roomId));
  return {
    hiddenId,
    hide: (messageId) => {
      hiddenPins.set(roomId, messageId);
      setHiddenId(messageId);
    },
  };
}
