import { useEffect } from "react";
import { FrameWatch } from "@/lib/room-view/frame-watch";
import type { RoomView } from "@/lib/room-view/room-view";

/** Measures the app's frames while the screen changes; a slow app lowers its pace. */
export function useFrameWatch(view: RoomView): void {
  useEffect(() => {
    const watch = new FrameWatch((isSlowed) => view.setSlowed(isSlowed));
    let frame: number | null = null;
    const tick = (nowMs: number) => {
      frame = document.hidden || watch.frame(nowMs) ? requestAnimationFrame(tick) : null;
    };
    const unsubscribe = view.subscribe(() => {
      watch.screenChanged();
      frame ??= requestAnimationFrame(tick);
    });
    return () => {
      unsubscribe();
      if (frame !== null) cancelAnimationFrame(frame);
    };
  }, [view]);
}
