import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomEvent } from "@/lib/contract/types";
import { harmlessText } from "@/lib/harmless-text";
import { notify } from "@/lib/notifications";
import { useViewer } from "@/lib/services";
import { useOpenRoom } from "./room-context";

const SUMMARY_EVERY_MS = 10_000;
const READ_OUT_MAX = 3; // more in one interval are only counted

/** What a screen reader hears: a summary every ten seconds, what is for its listener at once. */
export function Announcer() {
  const { t } = useTranslation();
  const { feed, view } = useOpenRoom();
  const viewer = useViewer();
  const [summary, setSummary] = useState("");
  const [forMe, setForMe] = useState("");

  useEffect(() => {
    let unsaid: string[] = [];
    let count = 0;
    const take = (event: RoomEvent) => {
      if (event.type !== "message.created" || event.message.author.id === viewer?.id) return;
      const words = `${harmlessText(event.message.author.nickname)}: ${harmlessText(event.message.text).slice(0, 200)}`;
      if (view.isForMe(event.message)) {
        setForMe(words);
        notify(feed.getSnapshot().room?.name ?? "Hotchat", words, feed.getSnapshot().room?.roomId ?? "");
        return;
      }
      count += 1;
      if (unsaid.length < READ_OUT_MAX) unsaid.push(words);
    };
    const stop = feed.onEvent(take);
    const timer = setInterval(() => {
      if (count === 0) return;
      setSummary(count <= READ_OUT_MAX ? unsaid.join(". ") : t("feed.summary", { count }));
      unsaid = [];
      count = 0;
    }, SUMMARY_EVERY_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [feed, view, viewer, t]);

  return (
    <div className="visually-hidden">
      <p aria-live="polite" data-announce="summary">
        {summary}
      </p>
      <p aria-live="assertive" data-announce="for-me">
        {forMe}
      </p>
    </div>
  );
}
