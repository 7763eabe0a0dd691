import { Frown, Heart, Laugh, SmilePlus } from "lucide-react";

const ICONS = new Map([
  ["heart", Heart],
  ["laugh", Laugh],
  ["sad", Frown],
]);

/** The icon of a kind of reaction. */
export function ReactionIcon({ kind, size }: { kind: string; size: number }) {
  const Icon = ICONS.get(kind) ?? SmilePlus;
  return <Icon size={size} aria-hidden={true} />;
}
