import { useTranslation } from "react-i18next";
import type { OperatorLogEntry } from "@/lib/contract/types";
import { loggedSettings } from "@/lib/operator/logged-settings";
import { personInSentence } from "@/lib/people/person-name";
import { isolated } from "@/lib/text/shown-name";
import type { LogEntry } from "@/ui/LogEntries";
import { useLocalTime } from "@/ui/use-local-time";
import { usePages, type Pages } from "@/ui/use-pages";
import { useSettingWords } from "./settings/use-setting-words";
import { useOperatorApi } from "./use-operator-api";

const ACTIONS = [
  "sign_in",
  "ban",
  "lift_ban",
  "purge",
  "change_settings",
  "exempt_address",
  "end_exemption",
  "create_room",
  "hide_room",
  "show_room",
  "delete_room",
  "change_room",
  "change_filters",
  "create_invite",
  "delete_invite",
  "hand_over",
  "renew_recovery_code",
  "add_moderator",
  "remove_moderator",
  "delete_message",
  "pin_message",
  "unpin_message",
  "allow_message",
  "refuse_message",
  "resolve_report",
] as const;

export interface OperatorLogView extends Pick<Pages<unknown>, "refusal" | "loadMore"> {
  /** Undefined while they load. */
  readonly entries: readonly LogEntry[] | undefined;
}

/** The actions of the operator, the newest first. */
export function useOperatorLog(): OperatorLogView {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  const api = useOperatorApi();
  const localTime = useLocalTime();
  const settingWords = useSettingWords();
  const { pages, refusal, loadMore } = usePages({
    queryKey: ["operator", "log"],
    load: api.log,
    failure: t("log.failed"),
  });
  const whereOf = ({ room_id, details }: OperatorLogEntry) => {
    const room = textOf(details["name"]) ?? room_id ?? textOf(details["room_id"]);
    return room === null ? t("log.everyRoom") : isolated(room);
  };
  const whatOf = ({ action, details }: OperatorLogEntry) => {
    if (action !== "change_settings") return textOf(details["address"]) ?? action;
    const changes = loggedSettings(details).map(({ name, old, new: changed }) =>
      t("log.settingChange", {
        setting: settingWords.label(name),
        old: settingWords.value(name, old),
        new: settingWords.value(name, changed),
      }),
    );
    return changes.join("; ");
  };
  const sentenceOf = (entry: OperatorLogEntry) => {
    const known = ACTIONS.find((each) => each === entry.action) ?? "unknown";
    const sentence = t(`log.action.${known}`, {
      person: entry.target === null ? words("person.unnamed") : personInSentence(words, entry.target),
      where: whereOf(entry),
      what: whatOf(entry),
    });
    const reason = textOf(entry.details["reason"]);
    return reason === null ? sentence : t("log.because", { sentence, reason: isolated(reason) });
  };
  return {
    entries: pages
      ?.flatMap(({ entries }) => entries)
      .map((entry, index) => ({
        key: String(index),
        time: localTime.exactTime(entry.at),
        what: sentenceOf(entry),
      })),
    refusal,
    loadMore,
  };
}

const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
