/** What an open room reports to the parts of the app that are loaded after it: announcements, notifications, quotes. News that
 * arrive before those parts are kept for them, in order. The title of the tab counts from the first page. */
import { callSafely } from "@/lib/call-safely";
import type { Message, RoomEvent, StreamSkipped } from "@/lib/contract/types";
import type { RoomFeed } from "@/lib/feed/room-feed";
import type { RoomView } from "./room-view";

export const EARLY_MAX = 500; // overflow rule OLDEST: the oldest news is dropped

export interface NewsListener {
  readonly event?: (event: RoomEvent) => void;
  readonly skipped?: (run: StreamSkipped) => void;
  readonly foundForMe?: (message: Message) => void;
}

type News = (listener: NewsListener) => void;

export class RoomNews {
  /** Null while the parts listen. */
  #early: News[] | null = [];
  #firstCount: number | null = null;
  readonly #listeners = new Set<NewsListener>();

  constructor(
    private readonly feed: Pick<RoomFeed, "onEvent" | "onSkipped" | "subscribe" | "getSnapshot">,
    private readonly view: Pick<RoomView, "onFoundForMe">,
  ) {}

  /** The message count of the room's first page, for the title of a tab that is hidden from the start; null until it arrives. */
  get firstCount(): number | null {
    return this.#firstCount;
  }

  /** Follow the room. */
  open(): () => void {
    const stop = [
      this.feed.onEvent((event) => this.#report((listener) => listener.event?.(event))),
      this.feed.onSkipped((run) => this.#report((listener) => listener.skipped?.(run))),
      this.view.onFoundForMe((message) => this.#report((listener) => listener.foundForMe?.(message))),
      this.feed.subscribe(() => this.#onFeedChange()),
    ];
    return () => {
      for (const each of stop) each();
      if (this.#early !== null) this.#early = [];
    };
  }

  listen(listener: NewsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All parts listen now: pass on what was kept, and all later news at once. The returned function keeps them again. */
  passOn(): () => void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const news of early) this.#tell(news);
    return () => void (this.#early ??= []);
  }

  #report(news: News): void {
    if (this.#early === null) this.#tell(news);
    else {
      this.#early.push(news);
      if (this.#early.length > EARLY_MAX) this.#early.shift();
    }
  }

  #tell(news: News): void {
    for (const listener of this.#listeners) callSafely(news, listener);
  }

  /** Nothing of a private room is kept for somebody who has lost access to it. */
  #onFeedChange(): void {
    const { room } = this.feed.getSnapshot();
    this.#firstCount = room === null ? null : (this.#firstCount ?? room.messageCount);
    if (room === null && this.#early !== null) this.#early = [];
  }
}
