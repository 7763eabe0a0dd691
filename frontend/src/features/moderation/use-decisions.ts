import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "@/lib/api/problem";
import { errorMessage } from "@/lib/api/error-message";
import { useOpenRoom } from "@/ui/room-context";

const DECISIONS_MAX = 200; // overflow rule OLDEST: items that were decided that long ago are no longer shown

interface Decisions<Decision> {
  /** What this host has decided, by the id of the item. */
  readonly decisions: ReadonlyMap<string, Decision>;
  /** Why the last call was refused. */
  readonly refusal: string | null;
  readonly decide: (id: string, decision: Decision, call: () => Promise<unknown>) => void;
}

/** Decides on items of a queue. An item shows its decision at once; if the server refuses the call, it is open again. */
export function useDecisions<Decision extends string>(queue: "held" | "reports"): Decisions<Decision> {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const { roomId } = useOpenRoom();
  const queryClient = useQueryClient();
  const [decisions, setDecisions] = useState<ReadonlyMap<string, Decision>>(new Map());
  const [refusal, setRefusal] = useState<string | null>(null);

  const decide = async (id: string, decision: Decision, call: () => Promise<unknown>) => {
    if (decisions.has(id)) return;
    setRefusal(null);
    setDecisions((before) => new Map([...[...before].slice(1 - DECISIONS_MAX), [id, decision] as const]));
    try {
      await call();
    } catch (error) {
      const isGone = error instanceof Problem && error.code === "not_found";
      setRefusal(isGone ? t("moderate.decidedByOther") : errorMessage(words, error, t("callFailed")));
      setDecisions((before) => new Map([...before].filter(([known]) => known !== id)));
    }
    await queryClient.invalidateQueries({ queryKey: [queue, roomId] });
  };
  return {
    decisions,
    refusal,
    decide: (id, decision, call) => void decide(id, decision, call),
  };
}
