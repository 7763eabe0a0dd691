import { useTranslation } from "react-i18next";
import type { Completion } from "@/lib/completion/completion";
import { ShownName } from "@/ui/user-text/ShownName";
import type { CompletionState } from "./use-completions";
import * as css from "./composer.module.css";

const LIST_ID = "completions";
const optionId = (index: number) => `completion-${index}`;

/** The ARIA attributes with which the field names its list and the selected suggestion. */
export const completionAria = ({ items, selected }: CompletionState) =>
  items.length === 0
    ? ({ "aria-autocomplete": "list" } as const)
    : ({
        "aria-autocomplete": "list",
        "aria-controls": LIST_ID,
        "aria-activedescendant": optionId(selected),
      } as const);

export function Completions({
  state,
  onPick,
}: {
  state: CompletionState;
  onPick: (picked: Completion) => void;
}) {
  const { t } = useTranslation();
  if (state.items.length === 0) return null;
  return (
    <ul
      id={LIST_ID}
      className={`popover ${css.completions}`}
      role="listbox"
      aria-label={t("composer.suggestions")}
    >
      {state.items.map((item, index) => (
        <li
          key={item.label}
          id={optionId(index)}
          role="option"
          aria-selected={index === state.selected}
          onPointerDown={(event) => {
            event.preventDefault(); // the focus stays in the field
            onPick(item);
          }}
        >
          <ShownName of={item.label} isPerson />
        </li>
      ))}
    </ul>
  );
}
