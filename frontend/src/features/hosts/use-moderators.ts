import { useState } from "react";
import type { Author } from "@/lib/contract/types";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useRole } from "@/ui/use-role";
import { useHostCall } from "./use-host-call";

export interface Moderators {
  readonly moderators: readonly Author[];
  /** Only the owner appoints and removes moderators, and hands the room over. */
  readonly mayChange: boolean;
  readonly refusal: string | null;
  readonly remove: (moderator: Author) => void;
  /** The moderator who becomes the owner once that is confirmed. */
  readonly nextOwner: Author | null;
  readonly setNextOwner: (nextOwner: Author | null) => void;
  readonly handOver: (nextOwner: Author) => void;
}

/** The moderators of the open room. */
export function useModerators(): Moderators {
  const api = useHostApi();
  const { roomId, view } = useOpenRoom();
  const { room } = useRoomScreen(view).feed;
  const mayChange = useRole() === "owner";
  const { refusal, run } = useHostCall();
  const [nextOwner, setNextOwner] = useState<Author | null>(null);
  return {
    moderators: room?.moderators ?? [],
    mayChange,
    refusal,
    remove: ({ id }) => run(async () => void (await api.setModerator(roomId, id, false))),
    nextOwner: mayChange ? nextOwner : null,
    setNextOwner,
    handOver: ({ id }) =>
      run(async () => {
        await api.handOver(roomId, id);
        setNextOwner(null);
      }),
  };
}
