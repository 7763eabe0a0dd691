/** Components for user text outside message rows: names of people and rooms, and texts on one line. Only this module and
 * MessageText draw user text; each piece has its own error boundary. */
import { createContext, use, useEffect, useSyncExternalStore, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import type { Author } from "@/lib/contract/types";
import { userTag } from "@/lib/people/user-appearance";
import { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import { shownName } from "@/lib/text/shown-name";
import { plainLine } from "@/lib/text/plain-line";
import * as css from "./user-text.module.css";

const PLAIN_MAX = 200;

/** The nicknames observed in the open room. */
export const DuplicateNicknamesContext = createContext(new DuplicateNicknames());

interface ShownPerson {
  readonly name: string;
  /** Null until a second person with this nickname has been observed. */
  readonly tag: string | null;
}

/** A person's name, and the tag that distinguishes two people with the same nickname. */
export function useShownPerson({ id, nickname }: Author): ShownPerson {
  const { t } = useTranslation();
  const seen = use(DuplicateNicknamesContext);
  useEffect(() => seen.observe(id, nickname), [seen, id, nickname]);
  const isDuplicate = useSyncExternalStore(seen.subscribe, () => seen.isDuplicate(nickname));
  return { name: shownName(nickname, t("person.unnamed")), tag: isDuplicate ? userTag(id) : null };
}

export function PersonName({ of, className }: { of: Author; className?: string | undefined }): ReactNode {
  return (
    <ErrorBoundary resetKey={of} fallback={<Plain text={of.nickname} className={className} />}>
      <DrawnPerson of={of} className={className} />
    </ErrorBoundary>
  );
}

function DrawnPerson({ of, className }: { of: Author; className: string | undefined }) {
  const { name, tag } = useShownPerson(of);
  return (
    <>
      <bdi className={className}>{name}</bdi>
      {tag !== null && (
        <span className={css.nameTag} data-testid="name-tag">
          {` #${tag}`}
        </span>
      )}
    </>
  );
}

interface NameProps {
  readonly of: string;
  readonly isPerson?: boolean;
  readonly className?: string | undefined;
}

/** The name of a room, or of a person without a tag. */
export function ShownName({ of, isPerson = false, className }: NameProps): ReactNode {
  return (
    <ErrorBoundary resetKey={of} fallback={<Plain text={of} className={className} />}>
      <DrawnName of={of} isPerson={isPerson} className={className} />
    </ErrorBoundary>
  );
}

function DrawnName({ of, isPerson, className }: NameProps) {
  const { t } = useTranslation();
  return (
    <bdi className={className}>{shownName(of, isPerson ? t("person.unnamed") : t("room.untitled"))}</bdi>
  );
}

/** A message on one line, without its markup. */
export function OneLine({
  of,
  max,
  className,
}: {
  of: string;
  max?: number;
  className?: string | undefined;
}): ReactNode {
  return (
    <ErrorBoundary resetKey={of} fallback={<Plain text={of} className={className} />}>
      <DrawnLine of={of} max={max} className={className} />
    </ErrorBoundary>
  );
}

function DrawnLine(props: { of: string; max: number | undefined; className: string | undefined }) {
  return <bdi className={props.className}>{plainLine(props.of, props.max)}</bdi>;
}

/** The unparsed text, for the fallback. */
const Plain = ({ text, className }: { text: string; className?: string | undefined }) => (
  <bdi className={className}>{text.slice(0, PLAIN_MAX)}</bdi>
);
