import { createContext, use, useSyncExternalStore } from "react";
import type { Author, Message } from "@/lib/contract/types";
import type { RoomFeed } from "@/lib/feed/room-feed";
import type { BanTarget } from "@/lib/people/ban-scope";
import type { OwnReactions } from "@/lib/reactions/own-reactions";
import type { RoomNews } from "@/lib/room-view/room-news";
import type { RoomScreen, RoomView } from "@/lib/room-view/room-view";

/** The open room: its stores, and the actions that its components share. */
export interface OpenRoom {
  readonly roomId: string;
  readonly feed: RoomFeed;
  readonly view: RoomView;
  readonly news: RoomNews;
  readonly ownReactions: OwnReactions;
  /** The kinds of reaction that the server accepts, in the order shown. */
  readonly kinds: readonly string[];
  /** Null where the reader cannot write. */
  readonly replyTo: ((message: Message) => void) | null;
  readonly editMessage: (message: Message) => void;
  readonly deleteMessage: (message: Message) => void;
  /** Ask why to report a message to the hosts. */
  readonly reportMessage: (message: Message) => void;
  /** Ask how long to ban somebody. */
  readonly askToBan: (target: BanTarget) => void;
  readonly jumpTo: (seq: number) => void;
  /** Show the card of a person; only in the moderator view. */
  readonly showPerson?: (person: Author) => void;
  /** A mark next to the author's name, for hosts; null for none. */
  readonly authorMark?: (message: Pick<Message, "author" | "created_at">) => string | null;
  /** Show the result of the reader's action in one sentence. */
  readonly toast: (words: string) => void;
}

export const OpenRoomContext = createContext<OpenRoom | null>(null);

export function useOpenRoom(): OpenRoom {
  const room = use(OpenRoomContext);
  if (room === null) throw new Error("OpenRoomContext is missing");
  return room;
}

export const useRoomScreen = (view: RoomView): RoomScreen =>
  useSyncExternalStore(view.subscribe, view.getSnapshot);
