import { useEffect, type RefObject } from "react";
import type { RoomView } from "@/lib/room-view/room-view";
import type { ComposerHandle } from "@/features/composer/composer-handle";
import type { RoomPanel } from "./RoomHeader";

interface RoomKeysOptions {
  readonly composer: RefObject<ComposerHandle | null>;
  readonly view: RoomView;
  readonly setPanel: (panel: RoomPanel) => void;
}

/** Shortcut keys. They work wherever the focus is, but not in a text field, a dialog or a menu. */
export function useRoomKeys({ composer, view, setPanel }: RoomKeysOptions): void {
  useEffect(() => {
    const actions = new Map([
      ["End", () => view.dispatchPause({ type: "back-to-newest" })],
      ["c", () => composer.current?.focus()],
      ["/", () => setPanel("search")],
      ["?", () => setPanel("shortcuts")],
    ]);
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (event.defaultPrevented || target?.closest("[role=dialog], [role=alertdialog], [role=menu]") != null)
        return;
      if (event.key === "Escape") view.dispatchPause({ type: "back-to-newest" });
      const isInField = target?.closest("input, textarea, select") != null;
      const action = actions.get(event.key);
      if (isInField || event.ctrlKey || event.metaKey || event.altKey || action === undefined) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [composer, view, setPanel]);
}
