import { Link } from "@tanstack/react-router";
import { ArrowLeft, Keyboard, Menu } from "lucide-react";
import { Tabs } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import { ShownName } from "@/ui/user-text/ShownName";
import type { DeskTab } from "./ModeratorDesk";
import * as css from "./moderation.module.css";

interface DeskFrameProps {
  roomId: string;
  /** Whether the reader acts as the operator of the server. */
  isOperator: boolean;
  roomName: string;
  status: ReactNode;
  /** The list of messages. */
  live: ReactNode;
  isWide: boolean;
  tab: DeskTab;
  setTab: (tab: DeskTab) => void;
  tabs: readonly {
    readonly key: DeskTab;
    readonly words: string;
    /** Null for a tab without a count. */
    readonly count: string | null;
    readonly children: ReactNode;
  }[];
  onHelp: () => void;
  onMenu: () => void;
  /** Dialogs and other parts that overlay the view. */
  children: ReactNode;
}

/** On wide screens the live list stands next to the tabs; on narrow ones it is the first tab. */
export function DeskFrame(props: DeskFrameProps) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const { roomId, live, isWide, tabs } = props;
  return (
    <section className={css.desk}>
      <header className={css.header}>
        <IconButton
          icon={Menu}
          size={20}
          className={css.menuButton}
          label={words("app.rooms")}
          onClick={props.onMenu}
        />
        <BackLink roomId={roomId} isOperator={props.isOperator} />
        <div className={css.heading}>
          <h1>{t("moderate.title")}</h1>
          <p className="quiet">
            <ShownName of={props.roomName} />
            {props.isOperator && <span>{` · ${t("moderate.asOperator")}`}</span>}
          </p>
        </div>
        <IconButton
          icon={Keyboard}
          className={css.help}
          label={words("settings.shortcuts")}
          aria-keyshortcuts="?"
          onClick={props.onHelp}
        />
      </header>
      {props.status}
      <Tabs.Root
        className={css.columns}
        value={props.tab}
        onValueChange={(value) => props.setTab(value as DeskTab)}
        data-wide={isWide}
      >
        {isWide && (
          <section className={css.live} aria-label={t("moderate.live")}>
            {live}
          </section>
        )}
        <div className={css.panel}>
          <Tabs.List className={css.tabs} aria-label={t("moderate.title")}>
            {!isWide && (
              <Tabs.Trigger value="live" className={css.tab}>
                {t("moderate.live")}
              </Tabs.Trigger>
            )}
            {tabs.map(({ key, words: name, count }) => (
              <Tabs.Trigger key={key} value={key} className={css.tab}>
                <span>{name}</span>
                {count !== null && <Count words={count} />}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          {!isWide && (
            <Tabs.Content value="live" className={css.live} tabIndex={-1}>
              {live}
            </Tabs.Content>
          )}
          {tabs.map(({ key, words: name, children }) => (
            <Tabs.Content key={key} value={key} className={css.content} tabIndex={-1}>
              <h2 className="visually-hidden">{name}</h2>
              {children}
            </Tabs.Content>
          ))}
        </div>
      </Tabs.Root>
      {props.children}
    </section>
  );
}

function BackLink({ roomId, isOperator }: { roomId: string; isOperator: boolean }) {
  const { t } = useTranslation("hosts");
  const words = t(isOperator ? "moderate.toOperator" : "moderate.toRoom");
  return (
    <Link
      {...(isOperator ? { to: "/ops" } : { to: "/rooms/$roomId", params: { roomId } })}
      className="icon-button"
      title={words}
      aria-label={words}
    >
      <ArrowLeft size={18} aria-hidden="true" />
    </Link>
  );
}

const Count = ({ words }: { words: string }) => <span className={`${css.count} tabular`}>{words}</span>;
