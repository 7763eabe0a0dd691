import type { Message } from "@/lib/contract/types";

export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** The smallest range of seqs within `range` that holds every message with reactions; null when there is none. */
export function reactedRange(messages: readonly Message[], { from, to }: SeqRange): SeqRange | null {
  const reacted = messages.filter(
    ({ seq, reactions }) => seq >= from && seq <= to && Object.keys(reactions).length > 0,
  );
  const first = reacted[0];
  const last = reacted.at(-1);
  return first === undefined || last === undefined ? null : { from: first.seq, to: last.seq };
}
