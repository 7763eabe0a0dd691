import type { ReactNode } from "react";
import { PersonName } from "@/ui/user-text/PersonName";
import { AuthorMark } from "./AuthorMark";
import type { MessagePartsProps } from "./MessageArticle";
import { RoleBadge } from "./RoleBadge";

interface MessageHeadProps extends Pick<MessagePartsProps, "row" | "mark" | "time" | "exactTime"> {
  className?: string | undefined;
  isNamed: boolean;
  children?: ReactNode;
}

/** The author and the time of a message. */
export function MessageHead({ row, mark, time, exactTime, className, isNamed, children }: MessageHeadProps) {
  const { author, created_at: createdAt } = row.message;
  return (
    <header className={className}>
      {isNamed && <PersonName of={author} className="nickname" />}
      {author.role !== undefined && <RoleBadge role={author.role} />}
      {mark !== null && <AuthorMark words={mark} />}
      {children}
      <time dateTime={createdAt} title={exactTime}>
        {time}
      </time>
    </header>
  );
}
