import type { RoomScreen } from "@/lib/room-view/room-view";
import { PostingBlockLine } from "./PostingBlockLine";
import { usePostingBlock } from "./use-posting-block";

/** Keeps the composer from sending a post that the server would refuse, and shows why. Until this part has loaded, the
 * server refuses such posts. */
export default function PostingBlock({ screen }: { screen: RoomScreen }) {
  return <PostingBlockLine {...usePostingBlock(screen)} />;
}
