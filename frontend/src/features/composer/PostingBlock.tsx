import type { RoomScreen } from "@/lib/room-view/room-view";
import { PostingBlockLine } from "./PostingBlockLine";
import { usePostingBlock } from "./use-posting-block";

/** Keeps the composer from sending what the server would refuse, and says why. Until it is loaded, the server says it. */
export default function PostingBlock({ screen }: { screen: RoomScreen }) {
  return <PostingBlockLine {...usePostingBlock(screen)} />;
}
