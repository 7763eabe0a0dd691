import type { ReactNode, Ref } from "react";
import { ReactionIcon } from "./ReactionIcon";
import * as css from "./reactions.module.css";

interface ReactionChipProps {
  ref: Ref<HTMLButtonElement>;
  kind: string;
  label: string;
  count: number;
  isOn: boolean;
  onToggle: () => void;
  /** Called when the chip gets or loses the mouse pointer or the keyboard focus. */
  showPeople: (areShown: boolean) => void;
  /** The people who reacted. */
  children: ReactNode;
}

/** The icon and the count of one kind of reaction: a button that adds or removes the reader's own. */
export function ReactionChip({ ref, kind, label, count, isOn, ...props }: ReactionChipProps) {
  const { onToggle, showPeople, children } = props;
  return (
    <button
      ref={ref}
      type="button"
      onPointerEnter={(event) => event.pointerType === "mouse" && showPeople(true)}
      onPointerLeave={() => showPeople(false)}
      onFocus={(event) => event.target.matches(":focus-visible") && showPeople(true)}
      onBlur={() => showPeople(false)}
      className={css.reaction}
      data-kind={kind}
      aria-pressed={isOn}
      aria-label={label}
      onClick={onToggle}
    >
      <ReactionIcon kind={kind} size={13} />
      <span className="tabular">{count}</span>
      {children}
    </button>
  );
}
