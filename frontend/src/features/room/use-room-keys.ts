import { useEffect, type RefObject } from "react";
import type { RoomView } from "@/lib/room-view/room-view";
import type { ComposerHandle } from "@/features/composer/composer-handle";
import type { RoomPanel } from "./RoomHeader";

interface RoomKeysOptions {
  readonly composer: RefObject<ComposerHandle | null>;
  readonly view: RoomView;
  readonly setPanel: (panel: RoomPanel) => void;
}

/** Keys that work wherever the focus is, unless something is being written. */
export function useRoomKeys({ composer, view, setPanel }: RoomKeysOptions): void {
  useEffect(() => {
    const plain = new Map([
      ["End", () => view.dispatchPause({ type: "back-to-newest" })],
      ["c", () => composer.current?.focus()],
      ["/", () => setPanel("search")],
      ["?", () => setPanel("shortcuts")],
    ]);
    const pressed = (event: KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (event.defaultPrevented || target?.closest("[role=dialog], [role=alertdialog], [role=menu]") != null)
        return;
      if (event.key === "Escape") view.dispatchPause({ type: "back-to-newest" });
      const isWriting = target?.closest("input, textarea, select") != null;
      const act = plain.get(event.key);
      if (isWriting || event.ctrlKey || event.metaKey || event.altKey || act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [composer, view, setPanel]);
}
