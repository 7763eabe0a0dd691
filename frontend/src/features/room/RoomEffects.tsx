import { useEffect } from "react";
import { useFollowQuotes } from "@/features/messages/use-follow-quotes";
import { useLoadOwnReactions } from "@/features/reactions/use-load-own-reactions";
import type { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import { Announcer } from "./Announcer";
import { useFrameWatch } from "./use-frame-watch";
import { useMentionNotifications } from "./use-mention-notifications";
import { useObservedAuthors } from "./use-observed-authors";
import { useReactionKinds } from "./use-reaction-kinds";
import { useReadMark } from "./use-read-mark";
import { useTabTitle } from "./use-tab-title";

interface RoomEffectsProps {
  screen: RoomScreen;
  duplicateNicknames: DuplicateNicknames;
  setKinds: (kinds: readonly string[]) => void;
  /** The room makes no announcements and no notifications. */
  isSilent: boolean;
}

/** The work of an open room apart from drawing: the read mark, the title, the pace of a slow device, kinds of reactions, own
 * reactions, quotes, tags of duplicate nicknames, announcements and notifications. It is loaded after the room, and gets the
 * news that arrived before it. */
export default function RoomEffects({ screen, duplicateNicknames, setKinds, isSilent }: RoomEffectsProps) {
  const { view, news, ownReactions } = useOpenRoom();
  useFrameWatch(view);
  useReactionKinds(setKinds);
  useReadMark(screen);
  useTabTitle();
  useLoadOwnReactions(screen, ownReactions);
  useFollowQuotes();
  useObservedAuthors(screen, duplicateNicknames);
  useEffect(() => news.passOn(), [news]); // the last effect, after all that listen
  return isSilent ? null : <Notices />;
}

function Notices() {
  useMentionNotifications();
  return <Announcer />;
}
