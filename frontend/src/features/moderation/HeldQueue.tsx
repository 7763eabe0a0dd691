import { useTranslation } from "react-i18next";
import type { HeldPage } from "@/lib/contract/types";
import type { Pages } from "@/ui/use-pages";
import { HeldItem } from "./HeldItem";
import { QueueList } from "./QueueList";
import { useHeldQueue } from "./use-held-queue";

/** The messages that filters hold. */
export function HeldQueue({ held }: { held: Pages<HeldPage> }) {
  const { t } = useTranslation("hosts");
  const { items, refusal, ...queue } = useHeldQueue(held);
  const isEmpty = held.pages !== undefined && items.length === 0;
  return (
    <QueueList
      title={t("moderate.held")}
      emptyWords={isEmpty ? t("moderate.noneHeld") : null}
      waiting={queue.waiting}
      onShowWaiting={queue.showWaiting}
      handlers={queue.handlers}
      refusal={refusal}
      loadMore={held.loadMore}
    >
      {items.map((item) => (
        <HeldItem key={item.message.id} {...item} />
      ))}
    </QueueList>
  );
}
