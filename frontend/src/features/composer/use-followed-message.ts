import { useEffect } from "react";
import type { ComposerState } from "@/lib/composer/composer-machine";
import type { ComposerStore } from "@/lib/composer/composer-store";
import type { RoomScreen } from "@/lib/room-view/room-view";

/** Notifies the composer when the message that is edited or replied to changes or is deleted. */
export function useFollowedMessage(
  composer: ComposerStore,
  { edit, draft }: ComposerState,
  screen: RoomScreen,
): void {
  const id = edit === null ? draft.replyTo?.id : edit.id;
  const message = id === undefined ? undefined : screen.feed.room?.messages.find((each) => each.id === id);
  useEffect(() => {
    if (message !== undefined) composer.dispatch({ type: "message-changed", message });
  }, [composer, message]);
}
