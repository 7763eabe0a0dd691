import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomEvent } from "@/lib/contract/types";
import { plainLine } from "@/lib/text/plain-line";
import { isolated, nameInSentence } from "@/lib/text/shown-name";
import { notify } from "@/lib/notifications";
import { useViewer } from "@/ui/services-context";
import { useOpenRoom } from "@/ui/room-context";

const SUMMARY_EVERY_MS = 10_000;
const READ_OUT_MAX = 3; // more in one interval are only counted

interface Said {
  readonly words: string;
  readonly turn: number;
}

const NOTHING_SAID: Said = { words: "", turn: 0 };
const saidNext = (words: string) => (before: Said) => ({ words, turn: before.turn + 1 });

/** A node of its own each time, so that the same words said again are heard again. */
const SaidWords = ({ said }: { said: Said }) => <span key={said.turn}>{said.words}</span>;

/** What a screen reader hears: a summary every ten seconds, what is for its listener at once. */
export function Announcer() {
  const { t } = useTranslation();
  const { feed, view } = useOpenRoom();
  const viewer = useViewer();
  const [summary, setSummary] = useState(NOTHING_SAID);
  const [forMe, setForMe] = useState(NOTHING_SAID);

  useEffect(() => {
    let unsaid: string[] = [];
    let count = 0;
    const take = (event: RoomEvent) => {
      if (event.type !== "message.created" || event.message.author.id === viewer?.id) return;
      const name = nameInSentence(event.message.author.nickname, t("person.unnamed"));
      const words = `${name}: ${isolated(plainLine(event.message.text))}`;
      if (view.isForMe(event.message)) {
        setForMe(saidNext(words));
        notify(feed.getSnapshot().room?.name ?? "Hotchat", words, feed.getSnapshot().room?.roomId ?? "");
        return;
      }
      count += 1;
      if (unsaid.length < READ_OUT_MAX) unsaid.push(words);
    };
    const stop = feed.onEvent(take);
    const timer = setInterval(() => {
      if (count === 0 || document.hidden) return;
      setSummary(saidNext(count <= READ_OUT_MAX ? unsaid.join(". ") : t("feed.summary", { count })));
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
        <SaidWords said={summary} />
      </p>
      <p aria-live="assertive" data-announce="for-me">
        <SaidWords said={forMe} />
      </p>
    </div>
  );
}
