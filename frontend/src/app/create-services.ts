import { v4 as uuid } from "uuid";
import { ChatApi } from "@/lib/api/chat-api";
import { DEADLINE_MS, fetchWithDeadline } from "@/lib/api/deadline";
import { AppVersion } from "@/lib/app-version";
import { openChannel } from "@/lib/broadcast-channel";
import { cachedOnSuccess } from "@/lib/cached-on-success";
import { browserClock } from "@/lib/clock";
import { Composers } from "@/lib/composer/composers";
import { Drafts } from "@/lib/composer/drafts";
import { UnfinishedEdits } from "@/lib/composer/unfinished-edits";
import { browserDevice } from "@/lib/device";
import { createLanguageSwitch } from "@/lib/i18n/i18n";
import { NetworkReturn } from "@/lib/network-return";
import { browserEnvironment, LocalTimeStore } from "@/lib/local-time";
import { OtherSession, Outbox } from "@/lib/outbox/outbox";
import { lazyOutboxStore, type OutboxStore } from "@/lib/outbox/outbox-store";
import { IgnoredPeople } from "@/lib/people/ignored-people";
import { ReadingPaceChoice } from "@/lib/reading-pace";
import { ReadCountsStore } from "@/lib/rooms/read-counts-store";
import type { Services } from "@/ui/services-context";
import type { Queries } from "@/ui/queries";
import { onStorageEvent, readStored, SafeStorage, writeStored } from "@/lib/safe-storage";
import { ServerClock } from "@/lib/server-clock";
import { SessionStore } from "@/lib/session/session-store";
import type { OpenStream } from "@/lib/stream/room-stream";
import { createStreams } from "./create-streams";
import { inviteLink, recoveryLink } from "./secret-links";

const TOKEN_KEY = "hotchat.token";
const SESSION_LOCK = "hotchat.session";
const SESSION_LOCK_TIMEOUT_MS = 3_000; // by then, a post that is still under way has sent its cookie
const JOIN_TIMEOUT_MS = 2 * DEADLINE_MS; // by then, a tab that still holds the lock hangs
const ROOM_LOCK_TIMEOUT_MS = 2 * DEADLINE_MS; // by then, a tab that still holds it hangs or has many posts to send
const OUTBOX_CHANNEL = "hotchat.outbox";

/** Create the services of the app. */
export function createServices(): Services {
  const storage = new SafeStorage();
  // Browsers send no cookie from a frame in another site, so such a frame sends a token. Its storage is that site's.
  const isFramed = window.parent !== window;
  const needsToken = isFramed || !navigator.cookieEnabled;
  let token = needsToken ? readStored(TOKEN_KEY) : null;
  const keepToken = (made: string | null) => {
    token = made;
    if (made !== null) writeStored(TOKEN_KEY, made);
  };
  const clock = new ServerClock(browserClock);
  const api = new ChatApi(async (input) => {
    const response = await fetchWithDeadline(withToken(new Request(input), token));
    clock.observe(response);
    return response;
  });
  const config = cachedOnSuccess(api.config);
  const streams = createStreams(async () => (await config()).stream_url.replace(/\/$/, ""), clock);
  const appVersion = new AppVersion({ fetchPage, scripts: ownScripts(), clock });
  const session = new SessionStore(api, storage, needsToken ? keepToken : undefined, alone);
  const readCounts = new ReadCountsStore(storage);
  const ignored = new IgnoredPeople();
  const readingPace = new ReadingPaceChoice();
  const network = new NetworkReturn(window, clock);
  const channel = openChannel(OUTBOX_CHANNEL);
  window.addEventListener("storage", onStorageEvent);
  window.addEventListener("storage", readCounts.onStorageEvent);
  window.addEventListener("storage", ignored.onStorageEvent);
  window.addEventListener("storage", readingPace.onStorageEvent);
  const outbox = new Outbox({
    store: lazyOutboxStore(loadOutboxStore),
    api,
    clock,
    random: Math.random,
    userId: () => {
      const { viewer } = session.getSnapshot();
      return viewer === undefined ? undefined : (viewer?.id ?? null);
    },
    sessionIsOver: () => void session.load(),
    asUser: (userId, work) =>
      withLock(
        { name: SESSION_LOCK, mode: "shared", signal: AbortSignal.timeout(JOIN_TIMEOUT_MS) },
        async () => {
          // A frame sends its own token, so a sign-in elsewhere does not change it; a cookie is the same in all tabs.
          if (!needsToken && !session.isStillUser(userId)) throw new OtherSession();
          return work();
        },
      ),
    exclusively,
    announceDone: (clientId) => channel?.postMessage(clientId),
  });
  const drafts = new Drafts(uuid);
  const edits = new UnfinishedEdits();
  const composers = new Composers({ api, outbox, session, drafts, edits, clock, newId: uuid });
  channel?.addEventListener("message", ({ data }) => {
    const clientId = String(data);
    outbox.doneElsewhere(clientId);
    composers.postDoneElsewhere(clientId);
  });
  session.subscribe(() => {
    outbox.userChanged();
    if (session.getSnapshot().viewer !== null) return;
    readCounts.refresh();
    ignored.refresh();
  });
  window.addEventListener("storage", session.onStorageEvent);
  window.addEventListener("pageshow", session.onPageShow);
  window.addEventListener("storage", composers.onStorageEvent);
  network.subscribe(outbox.wake);
  void session.loadWithRetry(network.wait, Math.random);
  window.addEventListener("online", appVersion.check);
  return {
    api,
    isOperator: false,
    config,
    session,
    readCounts,
    ignored,
    readingPace,
    device: browserDevice,
    outbox,
    composers,
    network,
    queries: cachedOnSuccess(() => loadQueries(network, session)),
    languages: createLanguageSwitch(network.wait),
    appVersion,
    recoveryLink,
    inviteLink,
    clock,
    openStream: checkingVersion(streams.openStream, appVersion),
    openNotify: streams.openNotify,
    localTime: new LocalTimeStore(browserEnvironment),
  };
}

/** Checks the version when the stream of the same room is opened again: the servers may have restarted with a newer build. */
function checkingVersion(openStream: OpenStream, appVersion: AppVersion): OpenStream {
  let lastRoomId: string | null = null;
  return (roomId, ...stream) => {
    if (roomId === lastRoomId) appVersion.check();
    lastRoomId = roomId;
    return openStream(roomId, ...stream);
  };
}

async function loadOutboxStore(): Promise<OutboxStore> {
  const { indexedDbOutboxStore } = await import("@/lib/outbox/indexed-db-outbox-store");
  return indexedDbOutboxStore();
}

async function loadQueries(network: NetworkReturn, session: SessionStore): Promise<Queries> {
  const { createQueries } = await import("@/ui/queries");
  return createQueries(network, session);
}

async function fetchPage(): Promise<string> {
  const response = await fetchWithDeadline("/", { cache: "no-cache" });
  if (!response.ok) throw new Error(`the start page: ${response.status}`);
  return response.text();
}

/** The scripts of this build; none in development. */
const ownScripts = (): string[] =>
  Array.from(document.scripts, ({ src }) => src)
    .filter((src) => src.startsWith(`${location.origin}/assets/`))
    .map((src) => new URL(src).pathname);

function withToken(request: Request, token: string | null): Request {
  if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

/** One tab at a time where the browser has locks. Elsewhere, and if another tab hangs, the server's idempotency prevents
 * duplicate posts. */
const exclusively = (name: string, work: () => Promise<void>): Promise<void> =>
  withLock({ name, signal: AbortSignal.timeout(ROOM_LOCK_TIMEOUT_MS) }, work);

/** Change the session while no tab sends under the previous one. */
const alone = (work: () => Promise<void>): Promise<void> =>
  withLock({ name: SESSION_LOCK, signal: AbortSignal.timeout(SESSION_LOCK_TIMEOUT_MS) }, work);

async function withLock<T>(
  { name, ...options }: LockOptions & { name: string },
  work: () => Promise<T>,
): Promise<T> {
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks === undefined) return work();
  const lock: { isHeld: boolean } = { isHeld: false };
  try {
    return await locks.request(name, options, () => {
      lock.isHeld = true;
      return work();
    });
  } catch (error) {
    if (lock.isHeld) throw error;
    return work(); // no permission to use locks (a frame of another site), or the wait timed out
  }
}
