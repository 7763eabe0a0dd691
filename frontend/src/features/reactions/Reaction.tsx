import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { ownValue } from "@/lib/own-value";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { kindName } from "./kind-name";
import { ReactionChip } from "./ReactionChip";
import type { OwnReaction } from "./use-own-reactions";
import { useSteadyValue } from "./use-steady-value";
import { useToggleReaction } from "./use-toggle-reaction";

const ReactionPeople = lazyComponent(() => import("./ReactionPeople"));

interface ReactionProps {
  message: Message;
  kind: string;
  own: OwnReaction | null;
}

/** One kind of reaction to a message: its steady count, and the people who reacted while it has the pointer or focus. */
export function Reaction({ message, kind, own }: ReactionProps) {
  const { t } = useTranslation();
  const chip = useRef<HTMLButtonElement>(null);
  const [arePeopleShown, setArePeopleShown] = useState(false);
  const toggle = useToggleReaction(message.id);
  const served = ownValue(message.reactions, kind) ?? 0;
  const count = useSteadyValue(served + (own?.isPending === true ? (own.isOn ? 1 : -1) : 0));
  const isOn = own?.isOn ?? false;
  const visible = Math.max(count, isOn ? 1 : 0);
  if (visible === 0) return null;
  const name = kindName(t, kind);
  return (
    <ReactionChip
      ref={chip}
      kind={kind}
      label={t("message.reaction", { count: visible, kind: name })}
      count={visible}
      isOn={isOn}
      onToggle={() => toggle(kind)}
      showPeople={setArePeopleShown}
    >
      {arePeopleShown && (
        <ErrorBoundary resetKey={served} fallback={null}>
          <ReactionPeople
            chip={chip}
            messageId={message.id}
            kind={kind}
            kindName={name}
            count={visible}
            served={served}
          />
        </ErrorBoundary>
      )}
    </ReactionChip>
  );
}
