/** Follows the stream of the control room while somebody looks at it. */
import type { Clock } from "@/lib/clock";
import type { OpsSnapshot } from "@/lib/contract/types";
import { backoffMs } from "@/lib/feed/backoff";
import { Listeners } from "@/lib/listeners";
import type { NetworkReturn } from "@/lib/network-return";
import { withSample, type RateHistory } from "./rate-history";

/** A stream without a snapshot for so long is opened again. */
export const SILENT_AFTER_MS = 5_000;

export interface SnapshotListener {
  snapshot(snapshot: OpsSnapshot): void;
  closed(): void;
}

/** Open the stream. The returned function closes it. */
export type OpenSnapshots = (listener: SnapshotListener) => () => void;

export interface ControlRoomState {
  /** The last one; null before the first. */
  readonly snapshot: OpsSnapshot | null;
  readonly history: RateHistory;
  /** When the last snapshot came, by the app's clock. */
  readonly receivedAtMs: number | null;
  readonly isLive: boolean;
}

/** A page that may be hidden. */
export interface HiddenPage extends EventTarget {
  readonly hidden: boolean;
}

interface ControlRoomParts {
  readonly open: OpenSnapshots;
  readonly clock: Clock;
  readonly random: () => number;
  readonly network: Pick<NetworkReturn, "wait">;
  readonly page: HiddenPage;
  /** The stream could not be opened or ended, perhaps because the sign-in has ended. */
  readonly onLost: () => void;
}

export class ControlRoomFeed {
  #state: ControlRoomState = { snapshot: null, history: [], receivedAtMs: null, isLive: false };
  #attempt = 0;
  #close: (() => void) | null = null;
  #cancelSilence = () => {};
  #waiting: AbortController | null = null;
  readonly #listeners = new Listeners(
    () => {
      this.parts.page.addEventListener("visibilitychange", this.#onVisibility);
      this.#onVisibility();
    },
    () => {
      this.parts.page.removeEventListener("visibilitychange", this.#onVisibility);
      this.#stop();
    },
  );

  constructor(private readonly parts: ControlRoomParts) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): ControlRoomState => this.#state;

  /** A hidden page costs the server nothing. */
  readonly #onVisibility = () => {
    if (this.parts.page.hidden) {
      this.#stop();
    } else if (this.#close === null && this.#waiting === null) {
      this.#attempt = 0;
      this.#open();
    }
  };

  #open(): void {
    const { open, clock } = this.parts;
    this.#close = open({
      snapshot: (snapshot) => {
        this.#attempt = 0;
        this.#expectAnother();
        const sample = { atMs: Date.parse(snapshot.at), rates: snapshot.rates };
        this.#change({
          snapshot,
          history: withSample(this.#state.history, sample),
          receivedAtMs: clock.now(),
          isLive: true,
        });
      },
      closed: this.#lost,
    });
    this.#expectAnother();
  }

  #expectAnother(): void {
    this.#cancelSilence();
    this.#cancelSilence = this.parts.clock.after(SILENT_AFTER_MS, this.#lost);
  }

  readonly #lost = () => {
    this.#stop();
    this.parts.onLost();
    void this.#openLater();
  };

  async #openLater(): Promise<void> {
    const waiting = (this.#waiting = new AbortController());
    try {
      await this.parts.network.wait(backoffMs(this.#attempt, this.parts.random), waiting.signal);
    } catch {
      return; // stopped meanwhile
    }
    this.#waiting = null;
    this.#attempt += 1;
    this.#open();
  }

  #stop(): void {
    this.#waiting?.abort();
    this.#waiting = null;
    this.#cancelSilence();
    this.#close?.();
    this.#close = null;
    if (!this.#state.isLive) return;
    const interruption = { atMs: this.parts.clock.epochMs(), rates: null };
    this.#change({ ...this.#state, history: withSample(this.#state.history, interruption), isLive: false });
  }

  #change(state: ControlRoomState): void {
    this.#state = state;
    this.#listeners.notify();
  }
}
