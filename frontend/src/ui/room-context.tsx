import { createContext, use, useSyncExternalStore } from "react";
import type { Message } from "@/lib/contract/types";
import type { RoomFeed } from "@/lib/feed/room-feed";
import type { RoomScreen, RoomView } from "@/lib/room-view/room-view";
import type { OwnReactions } from "@/lib/reactions/own-reactions";

/** One open room: its feed, what of it is on screen, and what its parts share. */
export interface OpenRoom {
  readonly roomId: string;
  readonly feed: RoomFeed;
  readonly view: RoomView;
  readonly ownReactions: OwnReactions;
  readonly kinds: readonly string[];
  readonly replyTo: (message: Message) => void;
  readonly editMessage: (message: Message) => void;
  readonly deleteMessage: (message: Message) => void;
  readonly jumpTo: (seq: number) => void;
  /** Tell the reader, in a sentence, what came of something they did. */
  readonly say: (words: string) => void;
}

export const OpenRoomContext = createContext<OpenRoom | null>(null);

export function useOpenRoom(): OpenRoom {
  const room = use(OpenRoomContext);
  if (room === null) throw new Error("OpenRoomContext is missing");
  return room;
}

export const useRoomScreen = (view: RoomView): RoomScreen =>
  useSyncExternalStore(view.subscribe, view.getSnapshot);
