/** The messages between tabs and the streams that they share: in the shared worker, or in the leading tab. */
import type { RoomEvent, RoomUpdated, StreamGap, StreamOpened } from "@/lib/contract/types";

export type ToHub =
  | {
      readonly type: "join";
      readonly id: number;
      readonly streamUrl: string;
      readonly roomId: string;
      readonly cursor: number;
      readonly limits: StreamLimits;
    }
  | {
      readonly type: "notify";
      readonly id: number;
      readonly streamUrl: string;
      readonly roomIds: readonly string[];
      readonly limits: StreamLimits;
    }
  | { readonly type: "ping" }
  | { readonly type: "leave"; readonly id: number }
  | { readonly type: "leave-all" };

export type ToTab =
  | { readonly type: "hello" | "pong" }
  /** The hub is gone: another one must be found. */
  | { readonly type: "lost" }
  | ({ readonly id: number } & (
      | { readonly type: "opened"; readonly opened: StreamOpened }
      | { readonly type: "event"; readonly event: RoomEvent }
      | { readonly type: "gap"; readonly gap: StreamGap }
      | { readonly type: "ping" }
      | { readonly type: "closed"; readonly graceful: boolean }
      | { readonly type: "updated"; readonly update: RoomUpdated }
      | { readonly type: "signal"; readonly signal: string; readonly body: unknown }
    ));

export type ToTabStream = Extract<ToTab, { readonly id: number }>;

/** How many streams one browser may hold open at a server. */
export interface StreamLimits {
  readonly rooms: number;
  readonly lists: number;
}

/** HTTP/1.1 allows six connections to a host. Where the API has the same host, it needs one of them. */
export function streamLimits(isMultiplexed: boolean, isOnApiHost: boolean): StreamLimits {
  if (isMultiplexed) return { rooms: 20, lists: 20 };
  return { rooms: isOnApiHost ? 3 : 4, lists: 2 };
}

/** A tab's end of the channel to the hub; a MessagePort is one. */
export interface HubPort {
  postMessage(message: ToHub): void;
  onmessage: ((message: MessageEvent<ToTab>) => void) | null;
}
