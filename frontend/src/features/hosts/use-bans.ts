import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Author, ListedBan } from "@/lib/contract/types";
import { personNameInSentence } from "@/lib/people/person-name";
import { useOpenRoom } from "@/ui/room-context";
import { useCall } from "@/ui/use-call";
import { useHostApi } from "@/ui/use-host-api";
import { useLocalTime } from "@/ui/use-local-time";
import type { Pages } from "@/ui/use-pages";
import { useHostPages } from "./use-host-pages";

export interface ShownBan {
  readonly user: Author;
  /** The end of the ban, and the host who made it. */
  readonly about: string;
  readonly reason: string | null;
}

export interface Bans extends Pick<Pages<unknown>, "loadMore"> {
  /** Undefined while they load. */
  readonly bans: readonly ShownBan[] | undefined;
  /** Why the bans cannot be loaded, or why one could not be lifted. */
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
  const lifting = useCall(t("bans.liftFailed"));
  const { pages, refusal, loadMore } = useHostPages({
    name: "bans",
    load: api.bans,
    failure: t("bans.failed"),
  });

  const about = ({ until, actor }: ListedBan) => {
    const host = actor === null ? t("operator") : personNameInSentence(words, actor);
    const ends = until === null ? t("ban.forGood") : t("bans.until", { time: localTime.exactTime(until) });
    return `${ends}, ${t("byHost", { name: host })}`;
  };
  return {
    bans: pages?.flatMap(({ bans }) =>
      bans.map((ban) => ({ user: ban.user, about: about(ban), reason: ban.reason })),
    ),
    refusal: lifting.refusal ?? refusal,
    loadMore,
    lift: (user) =>
      lifting.run(async () => {
        await api.liftBan(roomId, user.id);
        await queryClient.invalidateQueries({ queryKey: ["bans", roomId] });
      }),
  };
}
