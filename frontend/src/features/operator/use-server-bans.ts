import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Author } from "@/lib/contract/types";
import { personInSentence } from "@/lib/people/person-name";
import { useCall } from "@/ui/use-call";
import { useLocalTime } from "@/ui/use-local-time";
import { usePages } from "@/ui/use-pages";
import { useOperatorApi } from "./use-operator-api";

const REFETCH_MS = 2_000; // while a purge is under way
const USER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface NewServerBan {
  readonly userId: string;
  /** Null: for good. */
  readonly seconds: number | null;
  readonly purge: boolean;
  /** Also ban sessions made later from the person's last address. */
  readonly address: boolean;
  readonly reason: string;
}

interface ShownServerBan {
  readonly user: Author;
  readonly ends: string;
  readonly reason: string | null;
  /** Whether the ban of another person's address covers them. */
  readonly isOfAddress: boolean;
  readonly isPurging: boolean;
}

export interface ServerBansView {
  /** Undefined while they load. */
  readonly bans: readonly ShownServerBan[] | undefined;
  readonly refusal: string | null;
  /** Says who was banned last. */
  readonly done: string | null;
  readonly isCalling: boolean;
  readonly ban: (wanted: NewServerBan) => void;
  readonly lift: (user: Author) => void;
  /** Loads the next page; null at the end. */
  readonly loadMore: (() => void) | null;
}

/** The bans from all rooms, the newest first. */
export function useServerBans(): ServerBansView {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  const api = useOperatorApi();
  const localTime = useLocalTime();
  const queryClient = useQueryClient();
  const { refusal, isCalling, refuse, run } = useCall(t("callFailed"));
  const [done, setDone] = useState<string | null>(null);
  const list = usePages({
    queryKey: ["operator", "bans"],
    load: api.bans,
    failure: t("bans.failed"),
    refetchMs: (pages) =>
      pages.some(({ bans }) => bans.some(({ purging }) => purging)) ? REFETCH_MS : false,
  });
  const changed = () => queryClient.invalidateQueries({ queryKey: ["operator"] });
  const ban = async ({ userId, seconds, purge, address, reason }: NewServerBan) => {
    const result = await api.ban(userId, { seconds, purge, address, ...(reason !== "" && { reason }) });
    const sentence = address && !result.address_held ? "bans.bannedWithoutAddress" : "bans.banned";
    setDone(t(sentence, { person: personInSentence(words, result.user) }));
    await changed();
  };
  return {
    bans: list.pages?.flatMap(({ bans }) =>
      bans.map(({ user, until, reason, purging, of_address }) => ({
        user,
        ends: until === null ? t("bans.forGood") : t("bans.until", { time: localTime.exactTime(until) }),
        reason,
        isOfAddress: of_address,
        isPurging: purging,
      })),
    ),
    refusal: refusal ?? list.refusal,
    done,
    isCalling,
    ban: (wanted) => {
      setDone(null);
      if (USER_ID.test(wanted.userId)) run(() => ban(wanted));
      else refuse(t("bans.notAnId"));
    },
    lift: (user) =>
      run(async () => {
        await api.liftBan(user.id);
        await changed();
      }),
    loadMore: list.loadMore,
  };
}
