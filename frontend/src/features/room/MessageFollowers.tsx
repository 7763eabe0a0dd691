import { useFollowQuotes } from "@/features/messages/use-follow-quotes";
import type { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { Announcer } from "./Announcer";
import { useMentionNotifications } from "./use-mention-notifications";
import { useObservedAuthors } from "./use-observed-authors";

interface MessageFollowersProps {
  screen: RoomScreen;
  duplicateNicknames: DuplicateNicknames;
  /** Without announcements and notifications. */
  isSilent: boolean;
}

/** What follows the messages of a room apart from the list: announcements, notifications, quotes, and tags of duplicate
 * nicknames. It is loaded after the room. */
export default function MessageFollowers({ screen, duplicateNicknames, isSilent }: MessageFollowersProps) {
  useFollowQuotes();
  useObservedAuthors(screen, duplicateNicknames);
  return isSilent ? null : <Notices />;
}

function Notices() {
  useMentionNotifications();
  return <Announcer />;
}
