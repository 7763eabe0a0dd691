import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { ComposerHandle } from "@/features/composer/composer-handle";
import type { Message } from "@/lib/contract/types";
import { useRoomScreen, type OpenRoom } from "@/ui/room-context";
import { useServices, useViewer } from "@/ui/services-context";
import type { RoomQuestion } from "./RoomDialogs";
import type { RoomPanel } from "./RoomHeader";
import { useRoomKeys } from "./use-room-keys";
import { useRoomStores } from "./use-room-stores";
import { useToast } from "./use-toast";

const DEFAULT_KINDS: readonly string[] = ["heart", "sad", "laugh"];

/** One open room: its stores, its side effects, and the state that its components share. `at` is the seq of a message
 * to scroll to. */
export function useRoom(roomId: string, at: number | undefined) {
  const { composers, recoveryLink, ignored, readingPace } = useServices();
  const { feed, view, news, ownReactions } = useRoomStores(roomId, { ignored, readingPace });
  const [kinds, setKinds] = useState(DEFAULT_KINDS);
  const screen = useRoomScreen(view);
  const viewer = useViewer();
  const composer = useRef<ComposerHandle>(null);
  const { dispatch } = composers.of(roomId);
  const recoveryCode = useSyncExternalStore(recoveryLink.subscribe, recoveryLink.getSnapshot);
  const [panel, setPanel] = useState<RoomPanel>(null);
  const [toastWords, toast] = useToast();
  const [question, setQuestion] = useState<RoomQuestion | null>(null);
  useRoomKeys({ composer, view, setPanel });

  const isLoaded = screen.feed.room !== null;
  useEffect(() => {
    if (isLoaded && at !== undefined) void view.jumpTo(at);
  }, [isLoaded, at, view]);

  const editMessage = useCallback(
    ({ id, text }: Message) => dispatch({ type: "edit", kind: "message", id, text }),
    [dispatch],
  );

  // Every row reads this context: a new object would render all of them with each commit.
  const openRoom = useMemo(
    (): OpenRoom => ({
      roomId,
      feed,
      view,
      news,
      ownReactions,
      kinds,
      replyTo: (message) => dispatch({ type: "reply", message }),
      editMessage,
      deleteMessage: (message) => setQuestion({ kind: "delete", message }),
      reportMessage: (message) => setQuestion({ kind: "report", message }),
      askToBan: (target) => setQuestion({ kind: "ban", target }),
      jumpTo: (seq) => void view.jumpTo(seq),
      toast,
    }),
    [roomId, feed, view, news, ownReactions, kinds, dispatch, editMessage, toast],
  );

  const editLastMessage = () => {
    const isOwn = (message: Message) => message.author.id === viewer?.id && !message.deleted;
    const last = screen.feed.room?.messages.findLast(isOwn);
    if (last !== undefined) editMessage(last);
  };

  return {
    openRoom,
    screen,
    setKinds,
    composer,
    editLastMessage,
    panel,
    setPanel,
    toastWords,
    question,
    recoveryCode,
    showBans: () => {
      setQuestion(null);
      setPanel("hosts");
    },
    closeDialog: () => {
      if (question === null) recoveryLink.forget();
      else setQuestion(null);
    },
  };
}
