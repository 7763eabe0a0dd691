import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Composer } from "@/features/composer/Composer";
import { MessageList } from "@/features/messages/MessageList";
import { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import { Contained } from "@/ui/Contained";
import { lazyComponent } from "@/ui/lazy-component";
import { PartBoundary } from "@/ui/PartBoundary";
import { OpenRoomContext } from "@/ui/room-context";
import { DuplicateNicknamesContext } from "@/ui/user-text/UserText";
import { Announcer } from "./Announcer";
import { RoomHeader } from "./RoomHeader";
import { RoomProblem } from "./RoomProblem";
import { RoomUnreachable } from "./RoomUnreachable";
import { StatusLine } from "./StatusLine";
import { Toast } from "./Toast";
import { useRoom } from "./use-room";
import * as css from "./room.module.css";

const DeleteDialog = lazyComponent(() => import("@/features/messages/DeleteDialog"));

interface RoomProps {
  roomId: string;
  /** The seq of a message to scroll to. */
  at?: number | undefined;
  /** Opens the room list where the layout does not show it. */
  onMenu?: () => void;
  /** page: everything; embed: without links to other rooms; overlay: read-only, only the messages. */
  shape?: "page" | "embed" | "overlay";
}

/** One room, live. */
export function Room({ roomId, at, onMenu, shape = "page" }: RoomProps) {
  const { t } = useTranslation();
  const [duplicateNicknames] = useState(() => new DuplicateNicknames());
  const room = useRoom(roomId, at);
  const { openRoom, screen, messageToDelete } = room;
  const { connection } = screen.feed;
  if (connection.status === "failed")
    return <RoomProblem problem={connection.problem} isEmbedded={shape !== "page"} />;
  const closeDeleteDialog = () => room.setMessageToDelete(null);
  return (
    <OpenRoomContext value={openRoom}>
      <DuplicateNicknamesContext value={duplicateNicknames}>
        <section className={css.room} data-shape={shape}>
          {shape !== "overlay" && (
            <>
              <PartBoundary>
                <RoomHeader
                  screen={screen}
                  panel={room.panel}
                  setPanel={room.setPanel}
                  {...(onMenu && { onMenu })}
                />
              </PartBoundary>
              <StatusLine screen={screen} />
            </>
          )}
          <PartBoundary>
            <MessageList screen={screen} isBare={shape === "overlay"} />
          </PartBoundary>
          {shape !== "overlay" && (
            <>
              <RoomUnreachable screen={screen} />
              <Toast message={room.toastMessage} />
              <PartBoundary>
                <Composer
                  ref={room.composer}
                  screen={screen}
                  context={room.context}
                  setContext={room.setContext}
                  editLastMessage={room.editLastMessage}
                />
              </PartBoundary>
              <Contained of={openRoom.feed} fallback={null}>
                <Announcer />
              </Contained>
              {messageToDelete !== null && (
                <Contained
                  of={messageToDelete}
                  fallback={null}
                  onError={() => {
                    closeDeleteDialog();
                    openRoom.toast(t("problem.partBroken"));
                  }}
                >
                  <DeleteDialog message={messageToDelete} onClose={closeDeleteDialog} />
                </Contained>
              )}
            </>
          )}
        </section>
      </DuplicateNicknamesContext>
    </OpenRoomContext>
  );
}
