import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { Author } from "@/lib/contract/types";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";
import { banScope, type BanTarget } from "@/lib/people/ban-scope";
import { personInSentence } from "@/lib/people/person-name";
import { nameProblem } from "@/lib/text/allowed-characters";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";

const ONE_DAY_S = 86_400;
const COUNTED_MAX = 1_000; // the server counts no further
const REASON_MAX = 200; // code points, as the server counts them

export interface BanChoice {
  readonly title: string;
  /** How many of the loaded people and messages the ban affects. */
  readonly scopeWords: string;
  /** The label of the confirm button. */
  readonly confirmWords: string;
  /** Null: for good. */
  readonly seconds: number | null;
  readonly setSeconds: (seconds: number | null) => void;
  readonly isPurge: boolean;
  readonly setIsPurge: (isPurge: boolean) => void;
  readonly reason: string;
  readonly setReason: (reason: string) => void;
  readonly isBanning: boolean;
  readonly refusal: string | null;
  readonly ban: () => void;
}

/** A ban that a host is about to make. */
export function useBan(target: BanTarget, onClose: () => void): BanChoice {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const { roomId, view, toast } = useOpenRoom();
  const { room } = useRoomScreen(view).feed;
  const [seconds, setSeconds] = useState<number | null>(ONE_DAY_S);
  const [isPurge, setIsPurge] = useState(true);
  const [reason, setReason] = useState("");
  const [isBanning, setIsBanning] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const { people, messages } = banScope(room, target);

  const personOf = (author: Author) => personInSentence(words, author);
  const hasReason = reason.trim() !== "";
  const wanted = { seconds, purge: isPurge, ...(hasReason && { reason: reason.trim() }) };
  const banAuthor = async (author: Author) => {
    const { purged } = await api.ban(roomId, author.id, wanted);
    const person = personOf(author);
    if (!isPurge) return t("ban.done", { person });
    return purged === null
      ? t("ban.donePurgeMany", { person, count: COUNTED_MAX })
      : t("ban.donePurge", { person, count: purged });
  };
  const banSameText = async (messageId: string) => {
    const { users } = await api.banSameText(roomId, messageId, wanted);
    return t("ban.doneAll", { count: users.length });
  };
  const ban = async () => {
    const problem = hasReason ? nameProblem(reason, REASON_MAX) : null;
    if (problem !== null) {
      setRefusal(textProblemMessage(words, problem));
      return;
    }
    setIsBanning(true);
    setRefusal(null);
    try {
      toast(await (target.scope === "author" ? banAuthor(target.author) : banSameText(target.message.id)));
      onClose();
    } catch (error) {
      setRefusal(errorMessage(words, error, t("ban.failed")));
      setIsBanning(false);
    }
  };

  const choice = { seconds, setSeconds, isPurge, setIsPurge, reason, setReason };
  const chosen = { ...choice, isBanning, refusal, ban: () => void ban() };
  if (target.scope === "same-text")
    return {
      ...chosen,
      title: t("ban.titleSameText"),
      scopeWords: t("ban.loadedPeople", { count: people }),
      confirmWords: t(isPurge ? "ban.confirmAllPurge" : "ban.confirmAll"),
    };
  const person = personOf(target.author);
  return {
    ...chosen,
    title: t("ban.title", { person }),
    scopeWords: t("ban.loaded", { count: messages }),
    confirmWords: isPurge ? t("ban.confirmPurge", { person, count: messages }) : t("ban.confirm", { person }),
  };
}
