import { Pin, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import { OneLine, PersonName } from "@/ui/user-text/UserText";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import { useHiddenPin } from "./use-hidden-pin";
import * as css from "./pins.module.css";

/** What the owner pinned last, on one line over the list; hidden until another one is pinned, if its reader wants. */
export function PinnedBar({ screen }: { screen: RoomScreen }) {
  const { t } = useTranslation();
  const { roomId, jumpTo } = useOpenRoom();
  const { hiddenId, hide } = useHiddenPin(roomId);
  const message = screen.feed.room?.pinned[0];
  if (message === undefined || message.id === hiddenId) return null;
  return (
    <section className={css.pinnedBar} data-testid="pinned-bar" aria-label={t("pinned.title")}>
      <button type="button" className={css.pinnedLine} onClick={() => jumpTo(message.seq)}>
        <Pin size={14} aria-hidden="true" />
        <PersonName of={message.author} className="nickname" />
        <OneLine of={message.text} className={css.pinnedText} />
      </button>
      <IconButton icon={X} size={14} label={t("pinned.hide")} onClick={() => hide(message.id)} />
    </section>
  );
}
