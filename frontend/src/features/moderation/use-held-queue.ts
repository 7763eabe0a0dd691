import { useTranslation } from "react-i18next";
import type { HeldPage, ListedHeld } from "@/lib/contract/types";
import type { Pages } from "@/ui/use-pages";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useLocalTime } from "@/ui/use-local-time";
import type { HeldItemProps } from "./HeldItem";
import { useDecisions } from "./use-decisions";
import { useQueueOrder } from "./use-queue-order";

/** The held messages in an order that does not change under the pointer, and what a host does with them. */
export function useHeldQueue({ pages, refusal }: Pages<HeldPage>) {
  const { t } = useTranslation("hosts");
  const api = useHostApi();
  const { roomId, askToBan, authorMark, showPerson } = useOpenRoom();
  const localTime = useLocalTime();
  const latest = pages?.flatMap(({ held }) => held) ?? [];
  const { items, ...order } = useQueueOrder(latest);
  const { decisions, decide, ...last } = useDecisions<"allowed" | "refused">("held");

  const itemOf = (message: ListedHeld, isGone: boolean): HeldItemProps => {
    const decision = decisions.get(message.id);
    return {
      message,
      time: localTime.exactTime(message.created_at),
      mark: authorMark?.(message) ?? null,
      onPerson: () => showPerson?.(message.author),
      outcome: decision !== undefined ? t(`moderate.${decision}`) : isGone ? t("moderate.gone") : null,
      onAllow: () => decide(message.id, "allowed", () => api.allowHeld(roomId, message.id)),
      onRefuse: () => decide(message.id, "refused", () => api.refuseHeld(roomId, message.id)),
      onBan: () => askToBan({ message, scope: "same-text", held: latest }),
    };
  };
  return {
    ...order,
    items: items.map(({ item, isGone }) => itemOf(item, isGone)),
    refusal: last.refusal ?? refusal,
  };
}
