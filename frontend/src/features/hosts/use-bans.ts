import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { Author, ListedBan } from "@/lib/contract/types";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useLocalTime } from "@/ui/use-local-time";

export interface ShownBan {
  readonly user: Author;
  /** Until when, and who made it. */
  readonly about: string;
  readonly reason: string | null;
}

export interface Bans {
  /** Undefined while they load. */
  readonly bans: readonly ShownBan[] | undefined;
  /** Why they cannot be loaded, or a ban not lifted. */
  readonly refusal: string | null;
  /** Loads the next page; null at the end. */
  readonly loadMore: (() => void) | null;
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
  const queryKey = ["bans", roomId];
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => api.bans(roomId, pageParam ?? undefined),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    gcTime: 0, // the next opening of the list shows its current state
  });

  const lift = async (user: Author) => {
    setLiftRefusal(null);
    try {
      await api.liftBan(roomId, user.id);
      await queryClient.invalidateQueries({ queryKey });
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
    bans: data?.pages.flatMap(({ bans }) =>
      bans.map((ban) => ({ user: ban.user, about: about(ban), reason: ban.reason })),
    ),
    refusal: liftRefusal ?? (error === null ? null : errorMessage(words, error, t("bans.failed"))),
    loadMore: hasNextPage ? () => void fetchNextPage() : null,
    lift: (user) => void lift(user),
  };
}
