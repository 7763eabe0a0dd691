import { useEffect, useMemo } from "react";
import { readDensityChoice } from "@/lib/density-choice";
import { RoomFeed } from "@/lib/feed/room-feed";
import { storedOwnMessages } from "@/lib/room-view/own-messages";
import { RoomNews } from "@/lib/room-view/room-news";
import { RoomView } from "@/lib/room-view/room-view";
import { OwnReactions } from "@/lib/reactions/own-reactions";
import { startOfDay } from "@/lib/local-time";
import { switchLanes } from "@/lib/stream/lane-switch";
import { onReaderChange } from "@/lib/session/reader-change";
import { messageQuery } from "@/ui/message-query";
import { useServices, useViewer, type Services } from "@/ui/services-context";

interface Reading {
  /** The people whose messages have no row. */
  readonly ignored: Pick<Services["ignored"], "has" | "subscribe">;
  readonly readingPace: Pick<Services["readingPace"], "getSnapshot" | "subscribe">;
}

/** The stores of one room (feed, view, news, own reactions), connected to the session, page visibility, the network and the
 * reader's settings. */
export function useRoomStores(roomId: string, { ignored, readingPace }: Reading) {
  const services = useServices();
  const viewer = useViewer();

  const stores = useMemo(() => {
    const { api, isOperator, openStream, clock, network, outbox, localTime, session } = services;
    const isVisible = () => !document.hidden;
    const streamTicket = async () => {
      const { ticket } = await api.streamTicket(roomId);
      return { ticket, readerId: isOperator ? "operator" : (session.getSnapshot().viewer?.id ?? "") };
    };
    const feed = new RoomFeed({
      roomId,
      api,
      openStream,
      streamTicket,
      streamQueue: async () => {
        const { browserStreamQueue } = await import("@/lib/feed/stream-queue");
        const { stream_url: streamUrl } = await services.config();
        return browserStreamQueue(streamUrl.replace(/\/$/, ""), clock);
      },
      clock,
      random: Math.random,
      isVisible,
    });
    const missed = { api, config: services.config, roomId };
    const view = new RoomView({
      roomId,
      feed,
      outbox,
      clock,
      network,
      startOfDay,
      nextFrame: (commit) =>
        nextFrame(() => {
          localTime.checkOffset();
          commit();
        }),
      findMentions: async (nickname, afterSeq) => {
        const { findMissedMessages } = await import("@/lib/room-view/missed-messages");
        return findMissedMessages(missed, { nickname, afterSeq });
      },
      findMessage: async (messageId) => {
        const { client } = await services.queries();
        return client.query(messageQuery(api, roomId, messageId));
      },
      ownMessages: storedOwnMessages(roomId),
      ignored,
      random: Math.random,
    });
    view.setDensityChoice(readDensityChoice());
    const ownReactions = new OwnReactions(roomId, api, (message_id, kind, count) => {
      const about = { room_id: roomId, seq: 0, message_id, kind, count, added: [], removed: [] };
      feed.showOwnChange(message_id, { type: "reaction.changed", ...about });
    });
    return { feed, view, news: new RoomNews(feed, view), ownReactions };
  }, [services, roomId, ignored]);

  const { network } = services;
  const { feed, view, news, ownReactions } = stores;
  useEffect(() => news.open(), [news]);
  // Another time zone moves messages to other days.
  useEffect(() => services.localTime.subscribe(view.refresh), [services, view]);
  useEffect(() => view.setViewer(viewer), [view, viewer]);
  useEffect(() => {
    const { device, clock } = services;
    const setPace = () => view.setReadingPace(readingPace.getSnapshot());
    setPace();
    const stopPace = readingPace.subscribe(setPace);
    const stopLanes = switchLanes({ feed, readingPace, device, clock });
    return () => {
      stopPace();
      stopLanes();
    };
  }, [services, feed, view, readingPace]);
  useEffect(() => onReaderChange(services.session, feed.readerChanged), [services, feed]);
  useEffect(
    () =>
      services.composers.of(roomId).onEdited((message) => {
        feed.showOwnChange(message.id, { type: "message.edited", room_id: roomId, seq: 0, message });
      }),
    [services, feed, roomId],
  );
  useEffect(() => {
    if (viewer === null) {
      ownReactions.clear();
      return;
    }
    return feed.onEvent((event) => ownReactions.onEvent(event, viewer.id));
  }, [feed, ownReactions, viewer]);
  useEffect(() => {
    const onVisibilityChange = () => view.setHidden(document.hidden);
    onVisibilityChange();
    document.addEventListener("visibilitychange", onVisibilityChange);
    const unsubscribe = network.subscribe(feed.retryNow);
    return () => {
      document.removeEventListener("visibilitychange", onVisibilityChange);
      unsubscribe();
    };
  }, [feed, view, network]);
  return stores;
}

function nextFrame(call: () => void): () => void {
  const frame = requestAnimationFrame(call);
  return () => cancelAnimationFrame(frame);
}
