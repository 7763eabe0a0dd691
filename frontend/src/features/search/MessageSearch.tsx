import { useTranslation } from "react-i18next";
import { serverSentence } from "@/lib/api/error-message";
import type { Message } from "@/lib/contract/types";
import { textAfterInput } from "@/lib/pasted-text";
import { MessageLinks } from "@/ui/MessageLinks";
import type { MessageSearchState } from "./use-search";
import * as css from "./search.module.css";

interface MessageSearchProps {
  search: MessageSearchState;
  exactTime: (time: string) => string;
  onOpen: (message: Message) => void;
}

/** The search field and the messages found. */
export function MessageSearch({ search, exactTime, onOpen }: MessageSearchProps) {
  const { t } = useTranslation();
  const { words, setWords, shortened, messages, hasAnswer, failure, loadMore } = search;
  const isEmpty = messages.length === 0;
  return (
    <>
      <input
        type="search"
        value={words}
        dir="auto"
        placeholder={t("search.placeholder")}
        aria-label={t("search.placeholder")}
        onChange={(event) => setWords(textAfterInput(event))}
      />
      {shortened !== null && (
        <p className={`quiet ${css.searchNote}`}>
          <span>{t("search.shortened")}</span> <bdi>{shortened}</bdi>
        </p>
      )}
      <p className={`quiet ${css.searchNote}`} role="status">
        {failure !== null
          ? serverSentence(failure, t("search.failed"))
          : hasAnswer && isEmpty
            ? t(loadMore === null ? "search.none" : "search.noneYet")
            : isEmpty && t("search.hint")}
      </p>
      <MessageLinks messages={messages} exactTime={exactTime} onOpen={onOpen} />
      {loadMore !== null && (
        <button type="button" className="text-button" onClick={loadMore}>
          {t(isEmpty ? "search.further" : "search.more")}
        </button>
      )}
    </>
  );
}
