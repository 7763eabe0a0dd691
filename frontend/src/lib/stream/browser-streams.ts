/** The streams of a tab. All tabs of a browser share them, because HTTP/1.1 allows six connections to a host: through a
 * shared worker, else through the tab that leads, else not at all. A source that is lost is replaced. */
import type { Clock } from "@/lib/clock";
import type { HubPort, StreamLimits } from "./hub-messages";
import type { LeadingTab } from "./leading-tab";
import type { OpenNotify } from "./notify-stream";
import type { OpenStream } from "./room-stream";
import { SharedStreams } from "./shared-streams";
import type { StreamSource } from "./stream-source";

/** A worker that hangs keeps its name, so a second one needs another. */
export const WORKERS_MAX = 2;
/** A browser whose workers keep ending gets no more of them. */
export const LOSSES_MAX = 4;

export interface BrowserStreamsDependencies {
  /** The address of publish_server. */
  readonly streamUrl: () => Promise<string>;
  readonly limits: (streamUrl: string) => StreamLimits;
  /** Connect to the shared worker of that number; null if it does not answer. */
  readonly connectWorker: (number: number) => Promise<HubPort | null>;
  /** Called where there is no shared worker. Null where tabs cannot send each other messages. */
  readonly loadLeadingTab: () => Promise<Pick<LeadingTab, "connect" | "leave"> | null>;
  /** Streams of this tab alone. */
  readonly unshared: StreamSource;
  readonly clock: Clock;
}

export class BrowserStreams {
  #source: Promise<StreamSource> | null = null;
  #shared: SharedStreams | null = null;
  #leadingTab: Pick<LeadingTab, "connect" | "leave"> | null = null;
  #worker = 0;
  #losses = 0;

  constructor(private readonly deps: BrowserStreamsDependencies) {}

  /** Connect before the first stream is needed: a worker takes a moment to start. */
  prepare = (): void => {
    this.#source ??= this.#connect();
  };

  openStream: OpenStream = (roomId, cursor, listener) =>
    this.#open(
      (source, streamUrl) => source.stream(streamUrl)(roomId, cursor, listener),
      () => listener.closed(false),
    );

  openNotify: OpenNotify = (roomIds, listener) =>
    this.#open(
      (source, streamUrl) => source.notify(streamUrl)(roomIds, listener),
      () => listener.closed(),
    );

  /** The browser hides or unloads the tab. If it returns, it connects again. */
  leave = (): void => {
    const shared = this.#shared;
    this.#shared = null;
    this.#source = null;
    shared?.leave();
    this.#leadingTab?.leave();
  };

  /** Open a stream once its source and address are known. */
  #open(start: (source: StreamSource, streamUrl: string) => () => void, failed: () => void): () => void {
    let isWanted = true;
    let close = () => {
      isWanted = false;
    };
    const source = (this.#source ??= this.#connect());
    Promise.all([source, this.deps.streamUrl()]).then(
      ([source, streamUrl]) => {
        if (isWanted) close = start(source, streamUrl);
      },
      () => {
        if (isWanted) failed();
      },
    );
    return () => close();
  }

  async #connect(): Promise<StreamSource> {
    const { connectWorker, loadLeadingTab, unshared } = this.deps;
    for (; this.#worker < WORKERS_MAX && this.#losses < LOSSES_MAX; this.#worker += 1) {
      const port = await connectWorker(this.#worker);
      if (port !== null) return this.#share(port);
    }
    this.#leadingTab ??= await loadLeadingTab().catch(() => null);
    return this.#leadingTab === null ? unshared : this.#share(await this.#leadingTab.connect());
  }

  #share(port: HubPort): StreamSource {
    const shared: SharedStreams = new SharedStreams(port, this.deps.clock, this.deps.limits, () => {
      if (this.#shared !== shared) return;
      this.#losses += 1;
      this.#shared = null;
      this.#source = null;
    });
    return (this.#shared = shared);
  }
}
