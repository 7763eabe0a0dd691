import { useTranslation } from "react-i18next";
import type { MessageRowData } from "@/lib/room-view/rows";
import { PlainText } from "@/ui/user-text/PlainText";
import { PersonName } from "@/ui/user-text/PersonName";
import { MessageActions } from "./MessageActions";
import { PostState } from "./PostState";
import { RoleBadge } from "./RoleBadge";
import * as css from "./messages.module.css";

/** The fallback of a row that failed to render: the plain text and the actions. */
export function PlainRow({ row: { message, isMine, post } }: { row: MessageRowData }) {
  const { t } = useTranslation();
  return (
    <article
      className={`${css.row} ${css.rowFirst}`}
      data-testid="plain-row"
      tabIndex={-1}
      data-message-id={message.id}
      data-seq={post === null ? message.seq : undefined}
    >
      <div />
      <div className={css.body}>
        <header>
          <PersonName of={message.author} className="nickname" />
          {message.author.role !== undefined && <RoleBadge role={message.author.role} />}
        </header>
        <div className={css.bubbleLine}>
          <div className={css.bubble}>
            {message.deleted ? (
              <p className="quiet">{t("message.deleted")}</p>
            ) : (
              <PlainText text={message.text} />
            )}
          </div>
          {!message.deleted && post === null && <MessageActions message={message} isMine={isMine} />}
        </div>
        {post !== null && <PostState post={post} />}
      </div>
    </article>
  );
}
