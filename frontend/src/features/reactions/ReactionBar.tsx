import { memo } from "react";
import type { Message } from "@/lib/contract/types";
import { ownValue } from "@/lib/own-value";
import { useOpenRoom } from "@/ui/room-context";
import { Reaction } from "./Reaction";
import { ReactionLine } from "./ReactionLine";
import { useOwnReactions } from "./use-own-reactions";

/** The reactions of one message. The line is there even without reactions, so that a reaction never makes a row taller. */
export const ReactionBar = memo(function ReactionBar({ message }: { message: Message }) {
  const { kinds } = useOpenRoom();
  const own = useOwnReactions(message.id);
  const shown = message.deleted
    ? []
    : kinds.filter((kind) => (ownValue(message.reactions, kind) ?? 0) > 0 || own(kind) !== null);
  return (
    <ReactionLine>
      {shown.map((kind) => (
        <Reaction key={kind} message={message} kind={kind} own={own(kind)} />
      ))}
    </ReactionLine>
  );
});
