import type { OpsSnapshot } from "@/lib/contract/types";
import { WITH_COOKIE } from "@/lib/stream/event-source-stream";
import type { OpenSnapshots } from "./control-room-feed";

/** The stream of the control room, which needs the cookie of a signed-in operator. */
export const eventSourceSnapshots =
  (EventSourceImpl: typeof EventSource): OpenSnapshots =>
  (listener) => {
    const source = new EventSourceImpl("/api/v1/ops/stream", WITH_COOKIE);
    source.addEventListener("ops.snapshot", (frame: MessageEvent<string>) => {
      try {
        listener.snapshot(JSON.parse(frame.data) as OpsSnapshot);
      } catch {
        // Ignore an unreadable frame.
      }
    });
    source.addEventListener("error", () => {
      source.close();
      listener.closed();
    });
    return () => source.close();
  };
