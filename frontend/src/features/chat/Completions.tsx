import type { Completion } from "@/lib/completion";
import { harmlessText } from "@/lib/harmless-text";
import type { CompletionState } from "./use-completions";

export type { Completion };

export function Completions({
  state,
  onPick,
}: {
  state: CompletionState;
  onPick: (picked: Completion) => void;
}) {
  if (state.items.length === 0) return null;
  return (
    <ul className="completions" role="listbox" aria-label="@ :">
      {state.items.map((item, index) => (
        <li
          key={item.label}
          role="option"
          aria-selected={index === state.selected}
          onPointerDown={(event) => {
            event.preventDefault(); // the field keeps its focus
            onPick(item);
          }}
        >
          <bdi>{harmlessText(item.label)}</bdi>
        </li>
      ))}
    </ul>
  );
}
