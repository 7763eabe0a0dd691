import { useEffect, useState, type KeyboardEvent, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { cachedOnSuccess } from "@/lib/cached-on-success";
import type { Completion } from "@/lib/completion/completion";
import { recentNicknames } from "@/lib/people/recent-nicknames";
import type { RoomScreen } from "@/lib/room-view/room-view";

const loadCompletion = cachedOnSuccess(() => import("@/lib/completion/completion"));

export interface CompletionState {
  readonly items: readonly Completion[];
  readonly selected: number;
  readonly caretMoved: () => void;
  /** Handles a key; true if the list used it. */
  readonly pressed: (event: KeyboardEvent, insert: (completion: Completion) => void) => boolean;
}

/** Suggestions for an `@` or `:` before the caret, and the keys that choose one. The code that finds them is loaded with the
 * first such character. */
export function useCompletions(
  field: RefObject<HTMLTextAreaElement | null>,
  text: string,
  screen: RoomScreen,
): CompletionState {
  const [caret, setCaret] = useState(0);
  const [selected, setSelected] = useState(0);
  const [dismissed, setDismissed] = useState<string | null>(null);
  const { language } = useTranslation().i18n;
  const completion = useLoaded(/[@＠:]/.test(text) ? loadCompletion : null, text);
  const isNamingEmoji = completion?.isNamingEmoji(text, caret) === true;
  const emojiNames = useLoaded(isNamingEmoji ? completion.emojiNamesIn(language) : null, text) ?? [];
  const nicknames = () => recentNicknames(screen.feed.room?.messages ?? []);
  const found = completion?.completionsAt(text, caret, nicknames, emojiNames) ?? [];
  const items = dismissed === text ? [] : found;
  return {
    items,
    selected: Math.min(selected, items.length - 1),
    caretMoved: () => setCaret(field.current?.selectionStart ?? 0),
    pressed: (event, insert) => {
      const chosen = items[Math.min(selected, items.length - 1)];
      if (chosen === undefined) return false;
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : undefined;
      if (step !== undefined) setSelected((selected + step + items.length) % items.length);
      else if (event.key === "Escape") setDismissed(text);
      else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
        setSelected(0);
        insert(chosen);
      } else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}

/** The result of `load`; undefined until it resolves. A failed load is retried with the next text. */
function useLoaded<T>(load: (() => Promise<T>) | null, text: string): T | undefined {
  const [loaded, setLoaded] = useState<{ load: () => Promise<T>; value: T } | null>(null);
  const isLoaded = loaded !== null && loaded.load === load;
  useEffect(() => {
    if (load === null || isLoaded) return;
    let isWanted = true;
    load().then((value) => {
      if (isWanted) setLoaded({ load, value });
    }, console.warn);
    return () => {
      isWanted = false;
    };
  }, [load, isLoaded, text]);
  return isLoaded ? loaded.value : undefined;
}
