import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AuditEntry } from "@/lib/contract/types";
import { personInSentence, personNameInSentence } from "@/lib/people/person-name";
import type { LogEntry } from "@/ui/LogEntries";
import { useHostApi } from "@/ui/use-host-api";
import { useLocalTime } from "@/ui/use-local-time";
import type { Pages } from "@/ui/use-pages";
import { useHostPages } from "./use-host-pages";

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
  "allow_message",
  "refuse_message",
  "resolve_report",
  "change_filters",
] as const;

export interface Log extends Pick<Pages<unknown>, "refusal" | "loadMore"> {
  readonly isOpen: boolean;
  readonly open: () => void;
  /** Undefined while it loads. */
  readonly entries: readonly LogEntry[] | undefined;
}

/** The log of the open room, the newest action first. It is loaded when it is opened. */
export function useLog(isOpenFromStart = false): Log {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const localTime = useLocalTime();
  const [isOpen, setIsOpen] = useState(isOpenFromStart);
  const { pages, refusal, loadMore } = useHostPages({
    name: "audit",
    load: api.audit,
    failure: t("log.failed"),
    enabled: isOpen,
  });
  const sentence = ({ action, actor, target }: AuditEntry) => {
    const known = ACTIONS.find((each) => each === action) ?? "unknown";
    return t(`action.${known}`, {
      actor: actor === null ? t("operator") : personNameInSentence(words, actor),
      person: target === null ? words("person.unnamed") : personInSentence(words, target),
    });
  };
  const entries = pages?.flatMap((page) => page.entries);
  return {
    isOpen,
    open: () => setIsOpen(true),
    entries: entries?.map((entry, index) => ({
      key: String(index),
      time: localTime.exactTime(entry.at),
      what: sentence(entry),
    })),
    refusal,
    loadMore,
  };
}
