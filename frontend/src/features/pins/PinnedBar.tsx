import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import { PinnedLine } from "./PinnedLine";
import { useHiddenPin } from "./use-hidden-pin";

/** The newest pinned message, above the list. A reader can hide it until another message is pinned. */
export function PinnedBar({ screen }: { screen: RoomScreen }) {
  const { roomId, jumpTo } = useOpenRoom();
  const { hiddenId, hide } = useHiddenPin(roomId);
  const message = screen.feed.room?.pinned[0];
  if (message === undefined || message.id === hiddenId) return null;
  return <PinnedLine message={message} onOpen={() => jumpTo(message.seq)} onHide={() => hide(message.id)} />;
}
