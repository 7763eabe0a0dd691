import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { AuditEntry } from "@/lib/contract/types";
import { personInSentence } from "@/lib/people/person-in-sentence";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useLocalTime } from "@/ui/use-local-time";

const ACTIONS = [
  "ban",
  "lift_ban",
  "add_moderator",
  "remove_moderator",
  "hand_over",
  "change_room",
  "renew_recovery_code",
  "recover_room",
  "delete_message",
  "pin_message",
  "unpin_message",
] as const;

export interface ShownEntry {
  readonly key: string;
  readonly time: string;
  readonly sentence: string;
}

export interface Log {
  readonly isOpen: boolean;
  readonly open: () => void;
  /** Undefined while it loads. */
  readonly entries: readonly ShownEntry[] | undefined;
  readonly refusal: string | null;
  /** Loads the next page; null at the end. */
  readonly loadMore: (() => void) | null;
}

/** What hosts and the operator did in the open room, the newest first. It is loaded when it is opened. */
export function useLog(): Log {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const { roomId } = useOpenRoom();
  const localTime = useLocalTime();
  const [isOpen, setIsOpen] = useState(false);
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["audit", roomId],
    queryFn: ({ pageParam }) => api.audit(roomId, pageParam ?? undefined),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    enabled: isOpen,
    gcTime: 0, // the next opening of the log shows what has happened since
  });
  const unnamed = words("person.unnamed");
  const sentence = ({ action, actor, target }: AuditEntry) => {
    const known = ACTIONS.find((each) => each === action) ?? "unknown";
    return t(`action.${known}`, {
      actor: actor === null ? t("operator") : nameInSentence(actor.nickname, unnamed),
      person: target === null ? unnamed : personInSentence(target, unnamed),
    });
  };
  const entries = data?.pages.flatMap((page) => page.entries);
  return {
    isOpen,
    open: () => setIsOpen(true),
    entries: entries?.map((entry, index) => ({
      key: String(index),
      time: localTime.exactTime(entry.at),
      sentence: sentence(entry),
    })),
    refusal: error === null ? null : errorMessage(words, error, t("log.failed")),
    loadMore: hasNextPage ? () => void fetchNextPage() : null,
  };
}
