import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { personNameInSentence } from "@/lib/people/person-name";
import { useServices, useViewer } from "@/ui/services-context";

const TYPING_SHOWN_MS = 5_000;

/** The names of the other people who are typing; none in a hot room, or five seconds after the last signal. */
export function useTypingNames(screen: RoomScreen): readonly string[] {
  const { t } = useTranslation();
  const { ignored } = useServices();
  const viewer = useViewer();
  const room = screen.feed.room;
  const [isFresh, setIsFresh] = useState(false);
  const atMs = room?.typing.atMs ?? 0;
  useEffect(() => {
    if (atMs === 0) return;
    setIsFresh(true);
    const timer = setTimeout(() => setIsFresh(false), TYPING_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [atMs]);
  if (!isFresh || room === null || room.heat.hot) return [];
  const others = room.typing.users.filter(({ id }) => id !== viewer?.id && !ignored.has(id));
  return others.map((user) => personNameInSentence(t, user));
}
