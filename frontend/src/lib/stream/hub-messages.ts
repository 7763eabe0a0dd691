/** The messages between tabs and the hub that serves their shared streams, in a shared worker or in the leading tab. */
import type { RoomEvent, RoomUpdated, StreamGap, StreamOpened, StreamSkipped } from "@/lib/contract/types";
import type { StreamOptions, StreamTicket } from "./room-stream";

export type ToHub =
  | ({
      readonly type: "join";
      readonly id: number;
      readonly streamUrl: string;
      readonly roomId: string;
      readonly cursor: number;
      readonly limits: StreamLimits;
    } & StreamOptions)
  | {
      readonly type: "notify";
      readonly id: number;
      readonly streamUrl: string;
      readonly roomIds: readonly string[];
      readonly ticket: StreamTicket | undefined;
      readonly limits: StreamLimits;
    }
  | { readonly type: "ping" }
  | { readonly type: "leave"; readonly id: number }
  | { readonly type: "leave-all" };

export type ToTab =
  | { readonly type: "hello" | "pong" }
  /** The hub has ended; the tab must find another one. */
  | { readonly type: "lost" }
  | ({ readonly id: number } & (
      | { readonly type: "opened"; readonly opened: StreamOpened }
      | { readonly type: "event"; readonly event: RoomEvent }
      | { readonly type: "gap"; readonly gap: StreamGap }
      | { readonly type: "skipped"; readonly run: StreamSkipped }
      | { readonly type: "ping" }
      | {
          readonly type: "closed";
          readonly graceful: boolean;
          readonly reason?: string | undefined;
          readonly place?: string | undefined;
        }
      | { readonly type: "updated"; readonly update: RoomUpdated }
      | { readonly type: "signal"; readonly signal: string; readonly body: unknown }
    ));

export type ToTabStream = Extract<ToTab, { readonly id: number }>;

/** How many streams of one server a browser may keep open. */
export interface StreamLimits {
  readonly rooms: number;
  readonly lists: number;
}

/** HTTP/1.1 allows six connections per host. The API needs one of them if it is on the same host. */
export function streamLimits(isMultiplexed: boolean, isOnApiHost: boolean): StreamLimits {
  if (isMultiplexed) return { rooms: 20, lists: 20 };
  return { rooms: isOnApiHost ? 3 : 4, lists: 2 };
}

/** A tab's end of the channel to the hub, for example a MessagePort. */
export interface HubPort {
  postMessage(message: ToHub): void;
  onmessage: ((message: MessageEvent<ToTab>) => void) | null;
}
