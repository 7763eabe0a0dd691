import type { HTMLAttributes, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ListFoot } from "@/ui/ListFoot";
import * as css from "./moderation.module.css";

interface QueueListProps {
  title: string;
  /** The sentence for an empty queue; null while it loads. */
  emptyWords: string | null;
  /** New items that wait until the list may move. */
  waiting: number;
  onShowWaiting: () => void;
  /** Handlers that hold the order of the list. */
  handlers: HTMLAttributes<HTMLUListElement>;
  refusal: string | null;
  loadMore: (() => void) | null;
  children: ReactNode;
}

/** A queue of items that wait for a host. New ones are counted above it while the list is held. */
export function QueueList(props: QueueListProps) {
  const { t } = useTranslation("hosts");
  const { title, emptyWords, waiting, handlers } = props;
  return (
    <section aria-label={title}>
      <div className={css.waiting} role="status">
        {waiting > 0 && (
          <button type="button" className="text-button" onClick={props.onShowWaiting}>
            {t("moderate.showNew", { count: waiting })}
          </button>
        )}
      </div>
      {emptyWords !== null && <p className={`quiet ${css.empty}`}>{emptyWords}</p>}
      <ul className={css.queue} {...handlers}>
        {props.children}
      </ul>
      <ListFoot refusal={props.refusal} moreWords={t("more")} loadMore={props.loadMore} />
    </section>
  );
}
