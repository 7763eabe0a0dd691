import { useState } from "react";
import { RoomDialogs } from "@/features/room/RoomDialogs";
import { isUnreachable } from "@/features/room/room-status";
import { RoomUnreachable } from "@/features/room/RoomUnreachable";
import "@/lib/i18n/hosts/host-words";
import { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { RetryBoundary } from "@/ui/RetryBoundary";
import { OpenRoomContext } from "@/ui/room-context";
import { DuplicateNicknamesContext } from "@/ui/user-text/use-shown-person";
import { ForHostsOnly } from "./ForHostsOnly";
import { ModeratorDesk } from "./ModeratorDesk";
import { useModeratedRoom } from "./use-moderated-room";

const RoomEffects = lazyComponent(() => import("@/features/room/RoomEffects"));
const RoomProblem = lazyComponent(() => import("@/features/room/RoomProblem"));

interface ModerationProps {
  roomId: string;
  /** Opens the room list where the layout does not show it. */
  onMenu: () => void;
}

/** The moderator view of a room. Guests get a sentence and a way back to the room. */
export default function Moderation({ roomId, onMenu }: ModerationProps) {
  const room = useModeratedRoom(roomId);
  const [duplicateNicknames] = useState(() => new DuplicateNicknames());
  const { openRoom, screen, access } = room;
  const { connection } = screen.feed;
  if (connection.status === "failed") return <RoomProblem problem={connection.problem} isEmbedded={false} />;
  if (access === "guest") return <ForHostsOnly roomId={roomId} />;
  if (access === "unknown")
    return isUnreachable(screen) && <RoomUnreachable onRetry={openRoom.feed.retryNow} />;
  return (
    <OpenRoomContext value={openRoom}>
      <DuplicateNicknamesContext value={duplicateNicknames}>
        <RetryBoundary>
          <ModeratorDesk
            screen={screen}
            tab={room.tab}
            setTab={room.setTab}
            person={room.person}
            onClosePerson={room.closePerson}
            toastWords={room.toastWords}
            onMenu={onMenu}
          />
        </RetryBoundary>
        <RoomDialogs
          question={room.question}
          recoveryCode={null}
          onShowBans={room.showBans}
          onClose={room.closeQuestion}
        />
        <ErrorBoundary resetKey={openRoom.feed} fallback={null}>
          <RoomEffects
            screen={screen}
            duplicateNicknames={duplicateNicknames}
            setKinds={room.setKinds}
            isSilent
          />
        </ErrorBoundary>
      </DuplicateNicknamesContext>
    </OpenRoomContext>
  );
}
