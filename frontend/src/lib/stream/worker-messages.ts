/** The messages between tabs and the shared worker. */
import type { RoomEvent, RoomUpdated, StreamGap, StreamOpened } from "@/lib/contract/types";

export type ToWorker =
  | {
      readonly type: "join";
      readonly id: number;
      readonly streamUrl: string;
      readonly roomId: string;
      readonly cursor: number;
    }
  | {
      readonly type: "notify";
      readonly id: number;
      readonly streamUrl: string;
      readonly roomIds: readonly string[];
    }
  | { readonly type: "leave"; readonly id: number }
  | { readonly type: "leave-all" };

export type ToTab = { readonly id: number } & (
  | { readonly type: "opened"; readonly opened: StreamOpened }
  | { readonly type: "event"; readonly event: RoomEvent }
  | { readonly type: "gap"; readonly gap: StreamGap }
  | { readonly type: "ping" }
  | { readonly type: "closed"; readonly graceful: boolean }
  | { readonly type: "updated"; readonly update: RoomUpdated }
  | { readonly type: "signal"; readonly signal: string; readonly body: unknown }
);
