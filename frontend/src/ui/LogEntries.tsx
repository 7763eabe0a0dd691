import { ListFoot } from "./ListFoot";

interface LogEntriesProps {
  /** Undefined while they load. */
  entries: readonly LogEntry[] | undefined;
  noneWords: string;
  moreWords: string;
  /** Why they cannot be loaded. */
  refusal: string | null;
  /** Loads the next page; null at the end. */
  loadMore: (() => void) | null;
  listClassName: string | undefined;
  entryClassName: string | undefined;
}

/** One action in a log. */
export interface LogEntry {
  readonly key: string;
  readonly time: string;
  readonly what: string;
}

/** The actions in a log, the newest first, each with its time. */
export const LogEntries = ({
  entries,
  noneWords,
  moreWords,
  refusal,
  loadMore,
  listClassName,
  entryClassName,
}: LogEntriesProps) => (
  <>
    {entries?.length === 0 && <p className="quiet">{noneWords}</p>}
    <ul className={listClassName}>
      {entries?.map(({ key, time, what }) => (
        <li key={key}>
          <div className={entryClassName}>
            <bdi>{what}</bdi>
            <p className="quiet">{time}</p>
          </div>
        </li>
      ))}
    </ul>
    <ListFoot refusal={refusal} moreWords={moreWords} loadMore={loadMore} />
  </>
);
