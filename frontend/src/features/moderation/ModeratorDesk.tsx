import { useState } from "react";
import { useTranslation } from "react-i18next";
import { StatusLine } from "@/features/room/StatusLine";
import { Toast } from "@/features/room/Toast";
import { MessageList } from "@/features/messages/MessageList";
import { useHeldPages, useReportPages } from "@/features/hosts/use-open-work";
import type { Author } from "@/lib/contract/types";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";
import { DeskFrame } from "./DeskFrame";
import { HeldQueue } from "./HeldQueue";
import { ModeratorKeys } from "./ModeratorKeys";
import { PersonCard } from "./PersonCard";
import { ReportQueue } from "./ReportQueue";
import { RoomBans } from "./RoomBans";
import { RoomLog } from "./RoomLog";
import { RoomSlowMode } from "./RoomSlowMode";
import { useIsWide } from "./use-is-wide";
import { useModeratorKeys } from "./use-moderator-keys";

const POLL_MS = 5_000;

/** `live` is a tab on narrow screens only; on wide ones the list is always there. */
export type DeskTab = "live" | "held" | "reports" | "bans" | "slow-mode" | "log";

interface ModeratorDeskProps {
  screen: RoomScreen;
  tab: DeskTab;
  setTab: (tab: DeskTab) => void;
  /** The person whose card is open. */
  person: Author | null;
  onClosePerson: () => void;
  toastWords: string | null;
  onMenu: () => void;
}

/** What a moderator works with: the live list, held messages, reports, bans, slow mode and the log. */
export function ModeratorDesk({ screen, tab, setTab, toastWords, ...props }: ModeratorDeskProps) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const { roomId, jumpTo } = useOpenRoom();
  const { isOperator } = useServices();
  const isWide = useIsWide();
  const held = useHeldPages(POLL_MS);
  const reports = useReportPages(POLL_MS);
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  useModeratorKeys({ setTab, openHelp: () => setIsHelpOpen(true) });
  const show = (seq: number) => {
    if (!isWide) setTab("live");
    jumpTo(seq);
  };
  const list = <MessageList screen={screen} isBare />;
  return (
    <DeskFrame
      roomId={roomId}
      isOperator={isOperator}
      roomName={screen.feed.room?.name ?? roomId}
      status={<StatusLine screen={screen} />}
      live={list}
      isWide={isWide}
      tab={isWide && tab === "live" ? "held" : tab}
      setTab={setTab}
      tabs={[
        {
          key: "held",
          words: t("moderate.held"),
          count: held.countWords,
          children: <HeldQueue held={held} />,
        },
        {
          key: "reports",
          words: t("moderate.reports"),
          count: reports.countWords,
          children: <ReportQueue reports={reports} onShow={show} />,
        },
        { key: "bans", words: t("bans.title"), count: null, children: <RoomBans /> },
        {
          key: "slow-mode",
          words: words("settings.slowMode"),
          count: null,
          children: <RoomSlowMode />,
        },
        { key: "log", words: t("log.title"), count: null, children: <RoomLog /> },
      ]}
      onHelp={() => setIsHelpOpen(true)}
      onMenu={props.onMenu}
    >
      <Toast words={toastWords} />
      {props.person !== null && (
        <PersonCard key={props.person.id} person={props.person} onShow={show} onClose={props.onClosePerson} />
      )}
      {isHelpOpen && <ModeratorKeys onClose={() => setIsHelpOpen(false)} />}
    </DeskFrame>
  );
}
