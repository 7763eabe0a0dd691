import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Filters } from "@/lib/contract/types";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";
import { CHARACTERS_MAX, readFilterWords, WORDS_MAX, type WordsProblem } from "@/lib/moderation/filter-words";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useHostCall } from "./use-host-call";

type Rules = Omit<Filters, "words">;

export interface FilterDraft {
  /** One on each line. */
  readonly words: string;
  readonly setWords: (words: string) => void;
  readonly rules: Rules;
  readonly change: (rules: Partial<Rules>) => void;
  /** The numbers of words and characters, with their limits. */
  readonly countWords: string;
  /** Why the server would refuse the words. */
  readonly problem: string | null;
  /** Why the server refused the last call. */
  readonly refusal: string | null;
  readonly isSaving: boolean;
  readonly isSaved: boolean;
  readonly save: () => void;
}

/** The filters as the host edits them, until they are saved. */
export function useFilterDraft({ words: savedWords, ...savedRules }: Filters): FilterDraft {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const { roomId } = useOpenRoom();
  const { refusal, isCalling, run } = useHostCall();
  const [text, setText] = useState(() => savedWords.join("\n"));
  const [rules, setRules] = useState(savedRules);
  const [isSaved, setIsSaved] = useState(false);
  const read = readFilterWords(text);

  const problemWords = (problem: WordsProblem) => {
    switch (problem.kind) {
      case "words":
        return t("filters.tooManyWords", { count: problem.remove, max: WORDS_MAX });
      case "characters":
        return t("filters.tooManyCharacters", { count: problem.remove, max: CHARACTERS_MAX });
      case "word":
        return t("filters.line", {
          line: problem.line,
          problem: textProblemMessage(words, problem.problem),
        });
    }
  };
  return {
    words: text,
    setWords: (changed) => {
      setIsSaved(false);
      setText(changed);
    },
    rules,
    change: (changed) => {
      setIsSaved(false);
      setRules({ ...rules, ...changed });
    },
    countWords: t("filters.count", {
      words: read.words.length,
      maxWords: WORDS_MAX,
      characters: read.characters,
      maxCharacters: CHARACTERS_MAX,
    }),
    problem: read.problem && problemWords(read.problem),
    refusal,
    isSaving: isCalling,
    isSaved,
    save: () =>
      run(async () => {
        await api.changeRoom(roomId, { filters: { ...rules, words: [...read.words] } });
        setIsSaved(true);
      }),
  };
}
