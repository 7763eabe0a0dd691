/** Serves shared streams to the tabs of a browser (hub-client.ts). Runs in a shared worker or in the leading tab. */
import type { Clock } from "@/lib/clock";
import type { StreamLimits, ToHub, ToTab } from "./hub-messages";
import { NotifyHub } from "./notify-hub";
import type { StreamListener } from "./room-stream";
import { StreamHub } from "./stream-hub";
import type { StreamSource } from "./stream-source";

/** A tab pings every few seconds, a hidden tab at least once a minute. A frozen or crashed tab does not ping. */
export const TAB_SILENCE_MS = 180_000;

interface Hubs {
  readonly rooms: StreamHub;
  readonly lists: NotifyHub;
}

type Post = (message: ToTab) => void;

export class HubServer {
  readonly #hubs = new Map<string, Hubs>();
  readonly #tabs = new Set<ConnectedTab>();

  constructor(
    private readonly upstream: StreamSource,
    private readonly clock: Clock,
  ) {}

  /** Connect a tab and return the function that receives its messages. `onGone`: the tab has left, or was silent for too long. */
  connect(post: Post, onGone: () => void = () => undefined): (message: ToHub) => void {
    const tab: ConnectedTab = new ConnectedTab(post, this.clock, this.#hubsOf, () => {
      this.#tabs.delete(tab);
      onGone();
    });
    this.#tabs.add(tab);
    post({ type: "hello" });
    return (message) => {
      this.#tabs.add(tab);
      tab.receive(message);
    };
  }

  /** Close all streams without notifying the tabs. */
  stop(): void {
    for (const tab of this.#tabs) tab.leaveAll();
    this.#tabs.clear();
  }

  #hubsOf = (streamUrl: string, limits: StreamLimits): Hubs => {
    const known = this.#hubs.get(streamUrl);
    if (known !== undefined) return known;
    const hubs = {
      rooms: new StreamHub(this.upstream.stream(streamUrl), limits.rooms),
      lists: new NotifyHub(this.upstream.notify(streamUrl), limits.lists),
    };
    this.#hubs.set(streamUrl, hubs);
    return hubs;
  };
}

class ConnectedTab {
  readonly #leave = new Map<number, () => void>();
  #cancelSilence = () => {};

  constructor(
    private readonly post: Post,
    private readonly clock: Clock,
    private readonly hubsOf: (streamUrl: string, limits: StreamLimits) => Hubs,
    private readonly gone: () => void,
  ) {
    this.#restartSilenceTimer();
  }

  receive(message: ToHub): void {
    this.#restartSilenceTimer();
    switch (message.type) {
      case "join": {
        const { id, roomId, cursor, ticket, lane, place, streamUrl, limits } = message;
        this.#joined(id, (closed) =>
          this.hubsOf(streamUrl, limits).rooms.join(
            roomId,
            cursor,
            {
              opened: (opened) => this.post({ id, type: "opened", opened }),
              event: (event) => this.post({ id, type: "event", event }),
              gap: (gap) => this.post({ id, type: "gap", gap }),
              skipped: (run) => this.post({ id, type: "skipped", run }),
              ping: () => this.post({ id, type: "ping" }),
              closed,
            },
            { ticket, lane, place },
          ),
        );
        break;
      }
      case "notify": {
        const { id, roomIds, ticket, streamUrl, limits } = message;
        this.#joined(id, (closed) =>
          this.hubsOf(streamUrl, limits).lists.join(
            roomIds,
            {
              updated: (update) => this.post({ id, type: "updated", update }),
              signal: (signal, body) => this.post({ id, type: "signal", signal, body }),
              ping: () => this.post({ id, type: "ping" }),
              closed: () => closed(false),
            },
            ticket,
          ),
        );
        break;
      }
      case "ping":
        this.post({ type: "pong" });
        break;
      case "leave":
        this.#leave.get(message.id)?.();
        this.#leave.delete(message.id);
        break;
      case "leave-all":
        this.leaveAll();
        this.gone();
    }
  }

  leaveAll(): void {
    this.#cancelSilence();
    for (const leave of this.#leave.values()) leave();
    this.#leave.clear();
  }

  /** Join a stream. A refused one is already closed when `join` returns. */
  #joined(id: number, join: (closed: StreamListener["closed"]) => () => void): void {
    const stream: { isClosed: boolean } = { isClosed: false };
    const leave = join((graceful, reason, place) => {
      stream.isClosed = true;
      this.#leave.delete(id);
      this.post({ id, type: "closed", graceful, reason, place });
    });
    if (!stream.isClosed) this.#leave.set(id, leave);
  }

  #restartSilenceTimer(): void {
    this.#cancelSilence();
    this.#cancelSilence = this.clock.after(TAB_SILENCE_MS, () => {
      const ids = [...this.#leave.keys()];
      this.leaveAll();
      for (const id of ids) this.post({ id, type: "closed", graceful: true }); // a frozen tab reads it when it wakes
      this.gone();
    });
  }
}
