/** Shares one room-list stream between all tabs that show the same rooms to the same person. */
import { dropOldest } from "@/lib/drop-oldest";
import type { OpenNotify } from "./notify-stream";
import type { StreamTicket } from "./room-stream";

const LATEST_MAX = 500; // overflow rule OLDEST; enough for three kinds of updates of 100 rooms, and new rooms

type Listener = Parameters<OpenNotify>[1];

interface SharedList {
  readonly tabs: Set<Listener>;
  /** The latest update of each room and kind, for tabs that join later. */
  readonly latest: Map<string, (tab: Listener) => void>;
  close: () => void;
}

export class NotifyHub {
  readonly #lists = new Map<string, SharedList>();

  /** At most `streamsMax` different lists are open at once; overflow rule REFUSE: the stream of a further one is closed
   * at once. */
  constructor(
    private readonly openUpstream: OpenNotify,
    private readonly streamsMax = Infinity,
  ) {}

  join: OpenNotify = (roomIds, tab, ticket) => {
    const key = `${ticket?.readerId ?? ""} ${roomIds.join(" ")}`;
    const known = this.#lists.get(key);
    if (known === undefined && this.#lists.size >= this.streamsMax) {
      tab.closed();
      return () => undefined;
    }
    const list = known ?? {
      tabs: new Set<Listener>(),
      latest: new Map<string, (tab: Listener) => void>(),
      close: () => {},
    };
    list.tabs.add(tab);
    if (known === undefined) {
      this.#lists.set(key, list);
      list.close = this.#open(key, roomIds, list, ticket);
    }
    for (const send of list.latest.values()) send(tab);
    return () => {
      if (!list.tabs.delete(tab) || list.tabs.size > 0 || this.#lists.get(key) !== list) return;
      this.#lists.delete(key);
      list.close();
    };
  };

  #open(
    key: string,
    roomIds: readonly string[],
    list: SharedList,
    ticket: StreamTicket | undefined,
  ): () => void {
    const sendToAll = (key: string, send: (tab: Listener) => void) => {
      list.latest.set(key, send);
      dropOldest(list.latest, LATEST_MAX);
      list.tabs.forEach(send);
    };
    return this.openUpstream(
      roomIds,
      {
        updated: (update) => sendToAll(`updated ${update.room_id}`, (tab) => tab.updated(update)),
        signal: (type, body) => {
          const { room_id } = body as { room_id: string };
          sendToAll(`${type} ${room_id}`, (tab) => tab.signal(type, body));
        },
        ping: () => list.tabs.forEach((tab) => tab.ping()),
        closed: () => {
          this.#lists.delete(key);
          for (const tab of list.tabs) tab.closed();
        },
      },
      ticket,
    );
  }
}
