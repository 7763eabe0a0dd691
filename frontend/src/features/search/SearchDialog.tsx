import { useInfiniteQuery } from "@tanstack/react-query";
import { Dialog } from "radix-ui";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { serverSentence } from "@/lib/api/error-message";
import { shouldRetry } from "@/lib/api/retries";
import { useServices } from "@/ui/services-context";
import { Contained } from "@/ui/Contained";
import { shownName } from "@/lib/text/shown-name";
import { MessageLink, MessageLinks } from "@/ui/MessageLink";
import { useOpenRoom } from "@/ui/room-context";
import * as css from "./search.module.css";

const QUERY_MIN = 2;
const SEARCHES_MAX = 3;

/** Search in all messages of the room; a click on a result scrolls to its message. */
export default function SearchDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { api } = useServices();
  const { roomId, feed } = useOpenRoom();
  const [words, setWords] = useState("");
  const wanted = useDeferredValue(words.trim());
  const query = useInfiniteQuery({
    queryKey: ["search", roomId, wanted],
    queryFn: async ({ pageParam, signal }) => {
      await pause(200, signal); // one search per pause in typing, not per key
      return api.search(roomId, wanted, { before_seq: pageParam });
    },
    enabled: wanted.length >= QUERY_MIN,
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next_before_seq ?? undefined,
    retry: (failures, error) => shouldRetry(failures + 1, error, SEARCHES_MAX),
  });
  const found = query.data?.pages.flatMap((page) => page.messages) ?? [];
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog dialog-wide" aria-describedby={undefined}>
          <Dialog.Title>
            {t("search.title", {
              room: shownName(feed.getSnapshot().room?.name ?? roomId, t("room.untitled")),
            })}
          </Dialog.Title>
          <input
            type="search"
            value={words}
            dir="auto"
            placeholder={t("search.placeholder")}
            aria-label={t("search.placeholder")}
            onChange={(event) => setWords(event.target.value)}
          />
          <p className={`quiet ${css.searchNote}`} role="status">
            {query.failureReason !== null
              ? serverSentence(query.failureReason, t("search.failed"))
              : query.isSuccess && found.length === 0
                ? t(query.hasNextPage ? "search.noneYet" : "search.none")
                : found.length === 0 && t("search.hint")}
          </p>
          <MessageLinks>
            {found.map((message) => (
              <li key={message.id}>
                <Contained of={message} fallback={null}>
                  <MessageLink message={message} onGone={onClose} />
                </Contained>
              </li>
            ))}
          </MessageLinks>
          {query.hasNextPage && (
            <button type="button" className="text-button" onClick={() => void query.fetchNextPage()}>
              {t(found.length === 0 ? "search.further" : "search.more")}
            </button>
          )}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("superseded", "AbortError"));
    });
  });
}
