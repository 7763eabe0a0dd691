import { useEffect } from "react";
import { FrameWatch } from "@/lib/room-view/frame-watch";
import type { RoomView } from "@/lib/room-view/room-view";

/** Measures the app's frames while the tab is visible; a slow app lowers its pace. */
export function useFrameWatch(view: RoomView): void {
  useEffect(() => {
    const watch = new FrameWatch((isSlowed) => view.setSlowed(isSlowed));
    let frame = requestAnimationFrame(function tick(nowMs) {
      if (!document.hidden) watch.frame(nowMs);
      frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [view]);
}
