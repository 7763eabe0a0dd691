import { Frown, Heart, Laugh, SmilePlus } from "lucide-react";
import { memo, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Contained } from "@/ui/Contained";
import { Problem } from "@/lib/api/problem";
import { errorMessage } from "@/lib/api/error-message";
import type { Message } from "@/lib/contract/types";
import { ownValue } from "@/lib/own-value";
import { lazyComponent } from "@/ui/lazy-component";
import { useServices } from "@/ui/services-context";
import { useOpenRoom } from "@/ui/room-context";
import { useSteadyValue } from "./use-steady-value";
import * as css from "./reactions.module.css";

const ReactionPeople = lazyComponent(() => import("./ReactionPeople"));

const ICONS = new Map([
  ["heart", Heart],
  ["laugh", Laugh],
  ["sad", Frown],
]);

export function ReactionIcon({ kind, size }: { kind: string; size: number }) {
  const Icon = ICONS.get(kind) ?? SmilePlus;
  return <Icon size={size} aria-hidden={true} />;
}

/** The reactions of one message, on a line that is there with or without them, so that no row ever grows by one. */
export const ReactionBar = memo(function ReactionBar({ message }: { message: Message }) {
  const { kinds } = useOpenRoom();
  const own = useOwnReaction(message.id);
  const shown = message.deleted
    ? []
    : kinds.filter((kind) => (ownValue(message.reactions, kind) ?? 0) > 0 || own(kind) !== null);
  return (
    <div className={css.reactions}>
      {shown.map((kind) => (
        <ReactionChip key={kind} message={message} kind={kind} own={own(kind)} />
      ))}
    </div>
  );
});

interface Own {
  readonly isOn: boolean;
  /** The server has not answered yet. */
  readonly isPending: boolean;
}

function useOwnReaction(messageId: string): (kind: string) => Own | null {
  const { ownReactions } = useOpenRoom();
  const { mine, pending } = useSyncExternalStore(ownReactions.subscribe, ownReactions.getSnapshot);
  return (kind) => {
    const toggled = pending.get(`${messageId}:${kind}`);
    if (toggled !== undefined) return { isOn: toggled, isPending: true };
    return mine.get(messageId)?.has(kind) === true ? { isOn: true, isPending: false } : null;
  };
}

function ReactionChip({ message, kind, own }: { message: Message; kind: string; own: Own | null }) {
  const { t } = useTranslation();
  const chip = useRef<HTMLButtonElement>(null);
  const [isHovered, setIsHovered] = useState(false);
  const toggle = useToggleReaction(message.id);
  const served = ownValue(message.reactions, kind) ?? 0;
  const count = useSteadyValue(served + (own?.isPending === true ? (own.isOn ? 1 : -1) : 0));
  const isOn = own?.isOn ?? false;
  const visible = Math.max(count, isOn ? 1 : 0);
  if (visible === 0) return null;
  const look = () => setIsHovered(true);
  const hideReactors = () => setIsHovered(false);
  return (
    <button
      ref={chip}
      type="button"
      onPointerEnter={(event) => event.pointerType === "mouse" && look()}
      onPointerLeave={hideReactors}
      onFocus={(event) => event.target.matches(":focus-visible") && look()}
      onBlur={hideReactors}
      className={css.reaction}
      data-kind={kind}
      aria-pressed={isOn}
      aria-label={t("message.reaction", { count: visible, kind: kindName(t, kind) })}
      onClick={() => toggle(kind)}
    >
      <ReactionIcon kind={kind} size={13} />
      <span className="tabular">{visible}</span>
      {isHovered && (
        <Contained of={served} fallback={null}>
          <ReactionPeople
            chip={chip}
            messageId={message.id}
            kind={kind}
            kindName={kindName(t, kind)}
            count={visible}
            served={served}
          />
        </Contained>
      )}
    </button>
  );
}

type Translate = ReturnType<typeof useTranslation>["t"];

export function kindName(t: Translate, kind: string): string {
  return kind === "heart" || kind === "laugh" || kind === "sad" ? t(`message.${kind}`) : kind;
}

/** React as soon as there is a name; a refusal takes the mark back by itself. */
export function useToggleReaction(messageId: string): (kind: string) => void {
  const { t } = useTranslation();
  const { ownReactions, toast } = useOpenRoom();
  const { session } = useServices();
  return (kind) => {
    session
      .withSession(() => ownReactions.toggle(messageId, kind))
      .catch((error: unknown) => {
        toast(errorMessage(t, error, t("message.reactFailed")));
        if (error instanceof Problem && error.status === 401) void session.load();
      });
  };
}
