import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomQuestion } from "@/features/room/RoomDialogs";
import { useRoomStores } from "@/features/room/use-room-stores";
import { useToast } from "@/features/room/use-toast";
import type { ComposerEvent } from "@/lib/composer/composer-machine";
import type { Author, Message } from "@/lib/contract/types";
import { EVERY_MESSAGE } from "@/lib/reading-pace";
import { roleIn } from "@/lib/people/roles";
import { isByNewcomer } from "@/lib/people/user-age";
import { useRoomScreen, type OpenRoom } from "@/ui/room-context";
import { useServices, useSession } from "@/ui/services-context";
import type { DeskTab } from "./ModeratorDesk";

/** Hosts see every message, also those of people they ignore in the room, and always in the full lane. */
const READING = {
  ignored: { has: () => false, subscribe: () => () => undefined },
  readingPace: EVERY_MESSAGE,
};

/** The room of the moderator view: its stores, the open tab and the open dialog. It has no composer, so replies and edits
 * open the room itself. */
export function useModeratedRoom(roomId: string) {
  const { t } = useTranslation("hosts");
  const { composers, isOperator } = useServices();
  const { viewer } = useSession();
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const { feed, view, news, ownReactions } = useRoomStores(roomId, READING);
  const [kinds, setKinds] = useState<readonly string[]>([]);
  const screen = useRoomScreen(view);
  const [tab, setTab] = useState<DeskTab>("live");
  const [question, setQuestion] = useState<RoomQuestion | null>(null);
  const [person, setPerson] = useState<Author | null>(null);
  const [toastWords, toast] = useToast();

  const { room } = screen.feed;
  const regularAfterS = room?.regularAfterS ?? 0;
  const isHostHere = roleIn(room, viewer?.id) !== "guest";
  // A reply is posted by a person, and a private room does not exist for an operator who is not in it.
  const mayReply = !isOperator || isHostHere || room?.visibility !== "private";
  const authorMark = useCallback(
    (message: Pick<Message, "author" | "created_at">) =>
      message.author.role === undefined && isByNewcomer(message, regularAfterS)
        ? t("moderate.newcomer")
        : null,
    [regularAfterS, t],
  );
  const openRoom = useMemo((): OpenRoom => {
    const composeInRoom = (event: ComposerEvent) => {
      composers.of(roomId).dispatch(event);
      void navigate({ to: "/rooms/$roomId", params: { roomId } });
    };
    return {
      roomId,
      feed,
      view,
      news,
      ownReactions,
      kinds,
      replyTo: mayReply ? (message) => composeInRoom({ type: "reply", message }) : null,
      editMessage: ({ id, text }) => composeInRoom({ type: "edit", kind: "message", id, text }),
      deleteMessage: (message) => setQuestion({ kind: "delete", message }),
      reportMessage: (message) => setQuestion({ kind: "report", message }),
      askToBan: (target) => setQuestion({ kind: "ban", target }),
      jumpTo: (seq) => void view.jumpTo(seq),
      showPerson: setPerson,
      authorMark,
      toast,
    };
  }, [roomId, feed, view, news, ownReactions, kinds, mayReply, authorMark, composers, navigate, toast]);

  const isKnown = room !== null && (isOperator || viewer !== undefined);
  const isHost = isOperator || isHostHere;
  return {
    openRoom,
    setKinds,
    screen,
    access: !isKnown ? "unknown" : isHost ? "host" : "guest",
    tab,
    setTab,
    toastWords,
    person,
    closePerson: () => setPerson(null),
    question,
    closeQuestion: () => {
      setQuestion(null);
      // A ban drops held messages, and a deletion closes reports.
      for (const queue of ["held", "reports", "bans"])
        void queryClient.invalidateQueries({ queryKey: [queue, roomId] });
    },
    showBans: () => {
      setQuestion(null);
      setTab("bans");
    },
  } as const;
}
