import { useTranslation } from "react-i18next";
import type { OperatorLogEntry } from "@/lib/contract/types";
import { personInSentence } from "@/lib/people/person-name";
import type { LogEntry } from "@/ui/LogEntries";
import { useLocalTime } from "@/ui/use-local-time";
import { usePages, type Pages } from "@/ui/use-pages";
import { useOperatorApi } from "./use-operator-api";

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
  const { pages, refusal, loadMore } = usePages({
    queryKey: ["operator", "log"],
    load: api.log,
    failure: t("log.failed"),
  });
  /** The name of the action in the contract, the person and the room. */
  const what = ({ action, target, room_id, details }: OperatorLogEntry) => {
    const roomId = room_id ?? details["room_id"];
    return [
      action,
      ...(target === null ? [] : [personInSentence(words, target)]),
      ...(typeof roomId === "string" ? [roomId] : []),
    ].join(" · ");
  };
  return {
    entries: pages
      ?.flatMap(({ entries }) => entries)
      .map((entry, index) => ({
        key: String(index),
        time: localTime.exactTime(entry.at),
        what: what(entry),
      })),
    refusal,
    loadMore,
  };
}
