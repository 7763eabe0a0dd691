import { useState } from "react";
import { Composer } from "@/features/composer/Composer";
import { MessageList } from "@/features/messages/MessageList";
import { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { RetryBoundary } from "@/ui/RetryBoundary";
import { OpenRoomContext } from "@/ui/room-context";
import { DuplicateNicknamesContext } from "@/ui/user-text/use-shown-person";
import { RoomDialogs } from "./RoomDialogs";
import { RoomFrame, type RoomShape } from "./RoomFrame";
import { RoomHeader } from "./RoomHeader";
import { isUnreachable } from "./room-status";
import { RoomUnreachable } from "./RoomUnreachable";
import { StatusLine } from "./StatusLine";
import { Toast } from "./Toast";
import { useRoom } from "./use-room";

const RoomEffects = lazyComponent(() => import("./RoomEffects"));
const WaitingInLine = lazyComponent(() => import("./WaitingInLine"));
const RoomProblem = lazyComponent(() => import("./RoomProblem"));

interface RoomProps {
  roomId: string;
  /** The seq of a message to scroll to. */
  at?: number | undefined;
  /** Opens the room list where the layout does not show it. */
  onMenu?: () => void;
  shape?: RoomShape;
}

/** One room, live. Coordinates its parts: header, status, messages and composer. */
export function Room({ roomId, at, onMenu, shape = "page" }: RoomProps) {
  const room = useRoom(roomId, at);
  const { openRoom, screen } = room;
  const [duplicateNicknames] = useState(() => new DuplicateNicknames());
  const { connection } = screen.feed;
  if (connection.status === "failed")
    return <RoomProblem problem={connection.problem} isEmbedded={shape !== "page"} />;
  return (
    <OpenRoomContext value={openRoom}>
      <DuplicateNicknamesContext value={duplicateNicknames}>
        <RoomFrame shape={shape}>
          {shape !== "overlay" && (
            <>
              <RetryBoundary>
                <RoomHeader screen={screen} panel={room.panel} setPanel={room.setPanel} onMenu={onMenu} />
              </RetryBoundary>
              <ErrorBoundary resetKey={connection} fallback={null}>
                <StatusLine screen={screen} />
                {connection.status === "waiting" && <WaitingInLine {...connection} />}
              </ErrorBoundary>
            </>
          )}
          <RetryBoundary>
            <MessageList screen={screen} isBare={shape === "overlay"} />
          </RetryBoundary>
          {shape !== "overlay" && (
            <>
              <ErrorBoundary resetKey={connection} fallback={null}>
                {isUnreachable(screen) && <RoomUnreachable onRetry={openRoom.feed.retryNow} />}
                <Toast words={room.toastWords} />
              </ErrorBoundary>
              <RetryBoundary>
                <Composer ref={room.composer} screen={screen} editLastMessage={room.editLastMessage} />
              </RetryBoundary>
              <RoomDialogs
                question={room.question}
                recoveryCode={shape === "page" ? room.recoveryCode : null}
                onShowBans={room.showBans}
                onClose={room.closeDialog}
              />
            </>
          )}
          <ErrorBoundary resetKey={openRoom.feed} fallback={null}>
            <RoomEffects
              screen={screen}
              duplicateNicknames={duplicateNicknames}
              setKinds={room.setKinds}
              isSilent={shape === "overlay"}
            />
          </ErrorBoundary>
        </RoomFrame>
      </DuplicateNicknamesContext>
    </OpenRoomContext>
  );
}
