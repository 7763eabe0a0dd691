import { useEffect, useRef } from "react";
import { keyTarget, nextIndex } from "@/lib/moderation/moderator-keys";
import { outranks, roleIn } from "@/lib/people/roles";
import { useOpenRoom } from "@/ui/room-context";
import { useViewer } from "@/ui/services-context";
import { useRole } from "@/ui/use-role";
import type { DeskTab } from "./ModeratorDesk";

const TABS: ReadonlyMap<string, DeskTab> = new Map([
  ["l", "live"],
  ["h", "held"],
  ["r", "reports"],
  ["g", "log"],
]);
const STEPS: ReadonlyMap<string, number> = new Map([
  ["j", 1],
  ["k", -1],
]);
const ITEM = "[data-queue-item]";

interface ModeratorKeysOptions {
  readonly setTab: (tab: DeskTab) => void;
  readonly openHelp: () => void;
}

/** The keys of the moderator view. In a queue they press the buttons of the item that has the focus; in the list they act
 * on the row that has it. They do nothing in a text field, a dialog or a menu. */
export function useModeratorKeys(options: ModeratorKeysOptions): void {
  const { feed, view, askToBan, deleteMessage, showPerson } = useOpenRoom();
  const viewer = useViewer();
  const role = useRole();
  const current = useRef(options);
  useEffect(() => {
    current.current = options;
  });
  useEffect(() => {
    const actOnRow = (messageId: string, key: string): boolean => {
      const { room } = feed.getSnapshot();
      const message = room?.messages.find(({ id }) => id === messageId);
      if (message === undefined || message.deleted) return false;
      const isOver = outranks(role, roleIn(room, message.author.id));
      if (key === "p") showPerson?.(message.author);
      else if (key === "b" && isOver) askToBan({ author: message.author, scope: "author" });
      else if (key === "d" && (isOver || message.author.id === viewer?.id)) deleteMessage(message);
      else return false;
      return true;
    };
    const act = (key: string): boolean => {
      const tab = TABS.get(key);
      const step = STEPS.get(key);
      if (key === "?") current.current.openHelp();
      else if (tab !== undefined) {
        current.current.setTab(tab);
        if (tab === "live")
          requestAnimationFrame(() => document.querySelector<HTMLElement>("[role=log]")?.focus());
      } else if (step !== undefined) moveFocus(step);
      else if (key === "Escape") view.dispatchPause({ type: "back-to-newest" });
      else return pressInItem(key) || actOnFocusedRow(key);
      return true;
    };
    const actOnFocusedRow = (key: string): boolean => {
      const row = document.activeElement?.closest<HTMLElement>("article[data-message-id]");
      return row?.dataset["messageId"] !== undefined && actOnRow(row.dataset["messageId"], key);
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (keyTarget(event) === "page" && act(event.key)) event.preventDefault();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [feed, view, askToBan, deleteMessage, showPerson, viewer, role]);
}

/** Focus the next or the previous item of the open queue. */
function moveFocus(step: number): void {
  const items = [...document.querySelectorAll<HTMLElement>(ITEM)];
  const focused = document.activeElement?.closest<HTMLElement>(ITEM);
  const at = focused == null ? -1 : items.indexOf(focused);
  items[nextIndex(at, step, items.length)]?.focus();
}

/** Press the button of the focused item that has this key. */
function pressInItem(key: string): boolean {
  const item = document.activeElement?.closest(`${ITEM}:not([data-done])`);
  const button = item?.querySelector<HTMLButtonElement>(`[aria-keyshortcuts="${CSS.escape(key)}"]`);
  if (button == null) return false;
  button.click();
  return true;
}
