/** The streams of one tab. HTTP/1.1 allows six connections per host, so the tabs of a browser share their streams: through a
 * shared worker, or else through a leading tab, or else not at all. A lost source is replaced. */
import type { Clock } from "@/lib/clock";
import type { HubPort, StreamLimits } from "./hub-messages";
import type { LeadingTab } from "./leading-tab";
import type { OpenNotify } from "./notify-stream";
import { openWhenReady } from "./open-when-ready";
import type { OpenStream } from "./room-stream";
import { HubClient } from "./hub-client";
import type { StreamSource } from "./stream-source";

/** A hung worker keeps its name, so its replacement needs another one. */
export const WORKERS_MAX = 2;
/** After this many lost connections, no further worker is tried. */
export const LOSSES_MAX = 4;

export interface BrowserStreamsDependencies {
  /** The address of publish_server. */
  readonly streamUrl: () => Promise<string>;
  readonly limits: (streamUrl: string) => StreamLimits;
  /** Connect to the shared worker with this number; null if it does not respond. */
  readonly connectWorker: (number: number) => Promise<HubPort | null>;
  /** Called where there are no shared workers. Null where tabs cannot exchange messages. */
  readonly loadLeadingTab: () => Promise<Pick<LeadingTab, "connect" | "leave"> | null>;
  /** Streams that belong to this tab alone. */
  readonly unshared: StreamSource;
  readonly clock: Clock;
}

export class BrowserStreams {
  #source: Promise<StreamSource> | null = null;
  #hub: HubClient | null = null;
  #leadingTab: Pick<LeadingTab, "connect" | "leave"> | null = null;
  #worker = 0;
  #losses = 0;

  constructor(private readonly deps: BrowserStreamsDependencies) {}

  /** Connect before the first stream is needed: a worker takes a moment to start. */
  prepare = (): void => {
    this.#source ??= this.#connect();
  };

  openStream: OpenStream = (roomId, cursor, listener, options) =>
    this.#open(
      (source, streamUrl) => source.stream(streamUrl)(roomId, cursor, listener, options),
      () => listener.closed(false),
    );

  openNotify: OpenNotify = (roomIds, listener, ticket) =>
    this.#open(
      (source, streamUrl) => source.notify(streamUrl)(roomIds, listener, ticket),
      () => listener.closed(),
    );

  /** Called when the browser hides or unloads the tab. The next stream connects again. */
  leave = (): void => {
    const hub = this.#hub;
    this.#hub = null;
    this.#source = null;
    hub?.leave();
    this.#leadingTab?.leave();
  };

  /** Open a stream once its source and address are known. */
  #open(start: (source: StreamSource, streamUrl: string) => () => void, failed: () => void): () => void {
    const source = (this.#source ??= this.#connect());
    return openWhenReady(
      Promise.all([source, this.deps.streamUrl()]),
      ([source, streamUrl]) => start(source, streamUrl),
      failed,
    );
  }

  async #connect(): Promise<StreamSource> {
    const { connectWorker, loadLeadingTab, unshared } = this.deps;
    for (; this.#worker < WORKERS_MAX && this.#losses < LOSSES_MAX; this.#worker += 1) {
      const port = await connectWorker(this.#worker);
      if (port !== null) return this.#clientOf(port);
    }
    this.#leadingTab ??= await loadLeadingTab().catch(() => null);
    return this.#leadingTab === null ? unshared : this.#clientOf(await this.#leadingTab.connect());
  }

  #clientOf(port: HubPort): StreamSource {
    const hub: HubClient = new HubClient(port, this.deps.clock, this.deps.limits, () => {
      if (this.#hub !== hub) return;
      this.#losses += 1;
      this.#hub = null;
      this.#source = null;
    });
    return (this.#hub = hub);
  }
}
