import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { Author, ListedBan } from "@/lib/contract/types";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useLocalTime } from "@/ui/use-local-time";
import { useHostPages, type HostPages } from "./use-host-pages";

export interface ShownBan {
  readonly user: Author;
  /** Until when, and who made it. */
  readonly about: string;
  readonly reason: string | null;
}

export interface Bans extends Pick<HostPages<unknown>, "loadMore"> {
  /** Undefined while they load. */
  readonly bans: readonly ShownBan[] | undefined;
  /** Why they cannot be loaded, or a ban not lifted. */
  readonly refusal: string | null;
  readonly lift: (user: Author) => void;
}

/** The bans in force in the open room, the newest first. */
export function useBans(): Bans {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const { roomId } = useOpenRoom();
  const localTime = useLocalTime();
  const queryClient = useQueryClient();
  const [liftRefusal, setLiftRefusal] = useState<string | null>(null);
  const { pages, refusal, loadMore } = useHostPages({
    name: "bans",
    load: api.bans,
    failure: t("bans.failed"),
  });

  const lift = async (user: Author) => {
    setLiftRefusal(null);
    try {
      await api.liftBan(roomId, user.id);
      await queryClient.invalidateQueries({ queryKey: ["bans", roomId] });
    } catch (failure) {
      setLiftRefusal(errorMessage(words, failure, t("bans.liftFailed")));
    }
  };

  const about = ({ until, actor }: ListedBan) => {
    const host = actor === null ? t("operator") : nameInSentence(actor.nickname, words("person.unnamed"));
    const ends = until === null ? t("ban.forGood") : t("bans.until", { time: localTime.exactTime(until) });
    return `${ends}, ${t("byHost", { name: host })}`;
  };
  return {
    bans: pages?.flatMap(({ bans }) =>
      bans.map((ban) => ({ user: ban.user, about: about(ban), reason: ban.reason })),
    ),
    refusal: liftRefusal ?? refusal,
    loadMore,
    lift: (user) => void lift(user),
  };
}
