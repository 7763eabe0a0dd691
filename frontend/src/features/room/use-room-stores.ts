import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { RoomFeed } from "@/lib/feed/room-feed";
import { RoomView } from "@/lib/room-view/room-view";
import { readReading } from "@/lib/reading-pace";
import { OwnReactions } from "@/lib/reactions/own-reactions";
import { useServices, useViewer } from "@/ui/services-context";
import { startOfDay } from "@/lib/message-time";

const MENTIONS_MAX = 100; // more than anybody reads one by one
const DEFAULT_KINDS = ["heart", "sad", "laugh"];

/** The room's feed, view and marks, made once per room, and the page's habits wired to them. */
export function useRoomParts(roomId: string) {
  const services = useServices();
  const viewer = useViewer();
  const { data: config } = useQuery({ queryKey: ["config"], queryFn: services.config, staleTime: Infinity });

  const parts = useMemo(() => {
    const { api, openStream, clock, outbox } = services;
    const feed = new RoomFeed({ roomId, api, openStream, clock, random: Math.random });
    const findMentions = async (nickname: string) =>
      (await api.search(roomId, `@${nickname}`, { limit: MENTIONS_MAX })).messages;
    const view = new RoomView({
      roomId,
      feed,
      outbox,
      clock,
      startOfDay,
      nextFrame,
      findMentions,
      random: Math.random,
    });
    view.setReading(readReading());
    return { feed, view, ownReactions: new OwnReactions(roomId, api) };
  }, [services, roomId]);

  const { feed, view, ownReactions } = parts;
  useEffect(() => view.setViewer(viewer), [view, viewer]);
  useEffect(() => {
    if (viewer === null) {
      ownReactions.forgetAll();
      return;
    }
    return feed.onEvent((event) => ownReactions.take(event, viewer.id));
  }, [feed, ownReactions, viewer]);
  useEffect(() => {
    const showing = () => view.setHidden(document.hidden);
    showing();
    document.addEventListener("visibilitychange", showing);
    window.addEventListener("online", feed.retryNow);
    return () => {
      document.removeEventListener("visibilitychange", showing);
      window.removeEventListener("online", feed.retryNow);
    };
  }, [feed, view]);
  return { ...parts, kinds: config?.reaction_kinds ?? DEFAULT_KINDS };
}

function nextFrame(call: () => void): () => void {
  const frame = requestAnimationFrame(call);
  return () => cancelAnimationFrame(frame);
}
