/** Waits in line for a stream of a full server. Loaded once a stream did not open. The place is kept over a reload. */
import { fetchWithDeadline } from "@/lib/api/deadline";
import { problemFrom } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import type { StreamPlace } from "@/lib/contract/types";

const KEY = "hotchat.place";
export const RETRY_MS = 5_000; // after a refusal, or no answer

export interface StreamQueueDependencies {
  readonly streamUrl: string;
  readonly clock: Clock;
  readonly fetch?: typeof fetchWithDeadline;
  /** The storage of this tab; null where the browser forbids it. */
  readonly storage?: Pick<Storage, "getItem" | "setItem"> | null;
}

export class StreamQueue {
  #place: string | null;

  constructor(private readonly deps: StreamQueueDependencies) {
    this.#place = deps.storage?.getItem(KEY) ?? null;
  }

  /** Join the queue, or renew the place. `position` is 0 if there is a free stream. Rejects with a Problem. */
  ask = async (): Promise<StreamPlace> => {
    const { streamUrl, storage, fetch = fetchWithDeadline } = this.deps;
    const response = await fetch(`${streamUrl}/stream/v1/places`, {
      method: "POST",
      credentials: "include",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(this.#place === null ? {} : { place: this.#place }),
    });
    const body: unknown = await response.json().catch(() => null);
    if (!response.ok || !isPlace(body)) throw problemFrom(response, body);
    this.#place = body.place;
    try {
      storage?.setItem(KEY, body.place);
    } catch {
      // The place lasts until the page is closed.
    }
    return body;
  };

  /** Renew the place until the turn comes, or the returned function is called. */
  wait(
    renewInS: number,
    { moved, turn }: { moved: (standing: StreamPlace) => void; turn: (standing: StreamPlace) => void },
  ): () => void {
    const { clock } = this.deps;
    let isWaiting = true;
    const renew = async () => {
      const standing = await this.ask().catch(() => null);
      if (!isWaiting) return;
      if (standing?.position === 0) return void turn(standing);
      if (standing !== null) moved(standing);
      cancel = clock.after(standing === null ? RETRY_MS : standing.renew_in_s * 1_000, () => void renew());
    };
    let cancel = clock.after(renewInS * 1_000, () => void renew());
    return () => {
      isWaiting = false;
      cancel();
    };
  }
}

const isPlace = (body: unknown): body is StreamPlace =>
  typeof body === "object" && body !== null && "place" in body && "position" in body;

/** The queue of this tab. */
export function browserStreamQueue(streamUrl: string, clock: Clock): StreamQueue {
  let storage: Storage | null;
  try {
    storage = sessionStorage;
  } catch {
    storage = null; // forbidden in this frame
  }
  return new StreamQueue({ streamUrl, clock, storage });
}
