import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Contained } from "@/ui/Contained";
import type { Message } from "@/lib/contract/types";
import { lazyPart } from "@/ui/lazy-component";
import { PartBoundary } from "@/ui/PartBoundary";
import { useViewer } from "@/ui/services-context";
import { SeenNames } from "@/lib/people/duplicate-nicknames";
import { SeenNamesContext } from "@/ui/user-text/UserText";
import { Announcer } from "./Announcer";
import { Composer, type ComposerHandle, type Context } from "@/features/composer/Composer";
import { MessageList } from "@/features/messages/MessageList";
import { Notice, type Said } from "./Toast";
import { OpenRoomContext, useRoomScreen, type OpenRoom } from "@/ui/room-context";
import { RoomAway } from "./RoomUnreachable";
import { RoomHeader, type RoomPanel } from "./RoomHeader";
import { RoomProblem } from "./RoomProblem";
import { StatusLine } from "./StatusLine";
import { useFrameWatch } from "./use-frame-watch";
import { useRoomParts } from "./use-room-stores";
import { useOwnMarks } from "@/features/reactions/use-load-own-reactions";
import { useReadMark } from "./use-read-mark";
import { useRoomKeys } from "./use-room-keys";

const DeleteDialog = lazyPart(() => import("@/features/messages/DeleteDialog"));

interface RoomProps {
  roomId: string;
  /** The seq of a message to go to. */
  at?: number | undefined;
  /** Opens the list of rooms where it is not beside the room. */
  onMenu?: () => void;
  /** page: everything; embed: without the way to other rooms; overlay: read-only, nothing but messages. */
  shape?: "page" | "embed" | "overlay";
}

/** One room, live. */
export function Room({ roomId, at, onMenu, shape = "page" }: RoomProps) {
  const { feed, view, ownReactions, kinds } = useRoomParts(roomId);
  const screen = useRoomScreen(view);
  const { t } = useTranslation();
  const [seenNames] = useState(() => new SeenNames());
  const viewer = useViewer();
  const composer = useRef<ComposerHandle>(null);
  const [context, setContext] = useState<Context>(null);
  const [panel, setPanel] = useState<RoomPanel>(null);
  const [said, setSaid] = useState<Said | null>(null);
  const [doomed, setDoomed] = useState<Message | null>(null);
  useOwnMarks(screen, ownReactions);
  useRoomKeys({ composer, view, setPanel });
  useFrameWatch(view);
  useReadMark(screen, feed, roomId);

  const isLoaded = screen.feed.room !== null;
  useEffect(() => {
    if (isLoaded && at !== undefined) void view.jumpTo(at);
  }, [isLoaded, at, view]);

  const openRoom: OpenRoom = {
    roomId,
    feed,
    view,
    ownReactions,
    kinds,
    replyTo: (message) => setContext({ kind: "reply", message }),
    editMessage: (message) => setContext({ kind: "edit", message }),
    deleteMessage: setDoomed,
    jumpTo: (seq) => void view.jumpTo(seq),
    say: (words) => setSaid({ words }),
  };

  const editLast = () => {
    const isOwn = (message: Message) => message.author.id === viewer?.id && !message.deleted;
    const last = screen.feed.room?.messages.findLast(isOwn);
    if (last !== undefined) setContext({ kind: "edit", message: last });
  };

  const { connection } = screen.feed;
  if (connection.status === "failed")
    return <RoomProblem problem={connection.problem} isEmbedded={shape !== "page"} />;
  const isOverlay = shape === "overlay";
  return (
    <OpenRoomContext value={openRoom}>
      <SeenNamesContext value={seenNames}>
        <section className={`room room-${shape}`}>
          {!isOverlay && (
            <>
              <PartBoundary>
                <RoomHeader screen={screen} panel={panel} setPanel={setPanel} {...(onMenu && { onMenu })} />
              </PartBoundary>
              <StatusLine screen={screen} />
            </>
          )}
          <PartBoundary>
            <MessageList screen={screen} isBare={isOverlay} />
          </PartBoundary>
          {!isOverlay && <RoomAway screen={screen} />}
          {!isOverlay && (
            <>
              <Notice said={said} />
              <PartBoundary>
                <Composer
                  ref={composer}
                  screen={screen}
                  context={context}
                  setContext={setContext}
                  editLast={editLast}
                />
              </PartBoundary>
              <Contained of={feed} fallback={null}>
                <Announcer />
              </Contained>
              {doomed !== null && (
                <Contained
                  of={doomed}
                  fallback={null}
                  onError={() => {
                    setDoomed(null);
                    setSaid({ words: t("problem.partBroken") });
                  }}
                >
                  <DeleteDialog message={doomed} onClose={() => setDoomed(null)} />
                </Contained>
              )}
            </>
          )}
        </section>
      </SeenNamesContext>
    </OpenRoomContext>
  );
}
