import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { serverSentence } from "@/lib/api/error-message";
import { nameInSentence } from "@/lib/text/shown-name";
import { Contained } from "@/ui/Contained";
import { MessageLink, MessageLinks } from "@/ui/MessageLink";
import { useOpenRoom } from "@/ui/room-context";
import { useSearch } from "./use-search";
import * as css from "./search.module.css";

/** Search in all messages of the room; a click on a result scrolls to its message. */
export default function SearchDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { roomId, feed } = useOpenRoom();
  const { words, setWords, shortened, messages, hasAnswer, failure, loadMore } = useSearch();
  const isEmpty = messages.length === 0;
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog dialog-wide" aria-describedby={undefined}>
          <Dialog.Title>
            {t("search.title", {
              room: nameInSentence(feed.getSnapshot().room?.name ?? roomId, t("room.untitled")),
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
          {shortened !== null && (
            <p className={`quiet ${css.searchNote}`}>
              {t("search.shortened")} <bdi>{shortened}</bdi>
            </p>
          )}
          <p className={`quiet ${css.searchNote}`} role="status">
            {failure !== null
              ? serverSentence(failure, t("search.failed"))
              : hasAnswer && isEmpty
                ? t(loadMore === null ? "search.none" : "search.noneYet")
                : isEmpty && t("search.hint")}
          </p>
          <MessageLinks>
            {messages.map((message) => (
              <li key={message.id}>
                <Contained of={message} fallback={null}>
                  <MessageLink message={message} onGone={onClose} />
                </Contained>
              </li>
            ))}
          </MessageLinks>
          {loadMore !== null && (
            <button type="button" className="text-button" onClick={loadMore}>
              {t(isEmpty ? "search.further" : "search.more")}
            </button>
          )}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
