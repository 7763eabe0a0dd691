/** Finds the messages for the reader among those whose events never arrived. */
import type { ChatApi } from "@/lib/api/chat-api";
import type { Config, Message, RoomEvent } from "@/lib/contract/types";
import { changeMessages } from "@/lib/feed/room-state";
import { searchQuery } from "@/lib/search-query";

const EVENT_PAGES_MAX = 2; // further behind, a search for mentions costs less than reading every event
const SEARCH_PAGES_MAX = 10; // nobody reads more mentions one by one

interface MissedMessagesDependencies {
  readonly api: Pick<ChatApi, "events" | "search">;
  /** The bounds of requests come from the server. */
  readonly config: () => Promise<Pick<Config, "limits">>;
  readonly roomId: string;
}

/** Messages after `afterSeq` that may be for the reader: every message if few were missed, else those that contain the
 * nickname as a mention. The caller decides which of them are. Rejects if the server refuses the first page. */
export async function findMissedMessages(
  { api, config, roomId }: MissedMessagesDependencies,
  { nickname, afterSeq }: { readonly nickname: string; readonly afterSeq: number },
): Promise<readonly Message[]> {
  const { limits } = await config();
  try {
    const missed = await missedByEvents(api, roomId, afterSeq, limits.events_page);
    if (missed !== null) return missed;
  } catch {
    // Too old, or refused because the room is hot: a search may still be served.
  }
  return missedBySearch(api, roomId, {
    words: searchQuery(`@${nickname}`).query,
    afterSeq,
    limit: limits.search_page,
  });
}

/** The messages as they are now; null if there are more events than EVENT_PAGES_MAX pages hold. */
async function missedByEvents(
  api: Pick<ChatApi, "events">,
  roomId: string,
  afterSeq: number,
  limit: number | undefined,
): Promise<readonly Message[] | null> {
  const events: RoomEvent[] = [];
  let cursor = afterSeq;
  for (let pages = 0; pages < EVENT_PAGES_MAX; pages += 1) {
    const page = await api.events(roomId, { after_seq: cursor, limit });
    events.push(...page.events);
    if (limit !== undefined && page.last_seq - afterSeq > EVENT_PAGES_MAX * limit) return null;
    if (!page.has_more) return messagesOf(events);
    cursor = page.cursor;
  }
  return null;
}

function messagesOf(events: readonly RoomEvent[]): readonly Message[] {
  const created = events.flatMap((event) => (event.type === "message.created" ? [event.message] : []));
  return events.reduce<readonly Message[]>(changeMessages, created).filter(({ deleted }) => !deleted);
}

async function missedBySearch(
  api: Pick<ChatApi, "search">,
  roomId: string,
  { words, afterSeq, limit }: { words: string; afterSeq: number; limit: number | undefined },
): Promise<readonly Message[]> {
  const found: Message[] = [];
  let beforeSeq: number | undefined;
  for (let pages = 0; pages < SEARCH_PAGES_MAX; pages += 1) {
    try {
      const page = await api.search(roomId, words, { before_seq: beforeSeq, limit });
      found.push(...page.messages.filter(({ seq }) => seq > afterSeq));
      beforeSeq = page.next_before_seq ?? undefined;
    } catch (error) {
      if (pages === 0) throw error;
      break; // part of the mentions is better than none
    }
    if (beforeSeq === undefined || beforeSeq <= afterSeq + 1) break;
  }
  return found;
}
