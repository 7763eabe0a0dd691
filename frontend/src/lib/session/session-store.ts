/** The signed-in user of this browser. There is none at first: a reader is asked for a nickname when they first write. */
import type { ChatApi } from "@/lib/api/chat-api";
import { Problem } from "@/lib/api/problem";
import { shouldRetry, retryDelayMs } from "@/lib/api/retries";
import type { Author } from "@/lib/contract/types";
import { Listeners } from "@/lib/listeners";

const NICKNAME_KEY = "hotchat.nickname";
/** The user id of the browser's session, shared by all tabs. */
const USER_KEY = "hotchat.user";
const READER_KEYS =
  /^hotchat\.(?:nickname|user|token|read|notify|ignored|own-messages|(?:draft|edit|pin-hidden)(?:\..*)?)$/;

export const CALLS_MAX = 20; // overflow rule OLDEST: a call that waits for a name is dropped
/** Attempts to join or to load the session, over about 25 minutes. If a thousand people behind one address join at 60 a
 * minute, the last one waits 17 minutes. */
export const SESSION_ATTEMPTS_MAX = 100;

export interface SessionState {
  /** Undefined until the server has answered. */
  readonly viewer: Author | null | undefined;
  /** The reader wants to write and has no nickname yet. */
  readonly isAskingForName: boolean;
  /** Why an expired session could not be renewed yet. The page joins again by itself, under the remembered nickname. */
  readonly renewalRefusal: Problem | null;
}

export class SessionStore {
  #state: SessionState = { viewer: undefined, isAskingForName: false, renewalRefusal: null };
  #then: (() => void)[] = [];
  #hasExpired = false;
  /** The reader needs a nickname if the server responds that there is no session. */
  #needsName = false;
  #isRenewing = false;
  #joins = 0;
  readonly #listeners = new Listeners();
  readonly #signOutListeners = new Listeners();

  constructor(
    private readonly api: Pick<ChatApi, "me" | "createSession" | "endSession" | "endAllSessions">,
    private readonly storage: Storage | null,
    /** Receives the token of each new session; a browser that sends the cookie does not need it. */
    private readonly keepToken: (token: string | null) => void = () => {},
    /** Run `work` while no tab sends anything under the previous session. */
    private readonly alone: (work: () => Promise<void>) => Promise<void> = (work) => work(),
  ) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** Call `listener` when the reader signs out in this tab. */
  onSignOut = (listener: () => void): (() => void) => this.#signOutListeners.add(listener);

  getSnapshot = (): SessionState => this.#state;

  get rememberedNickname(): string | null {
    return this.storage?.getItem(NICKNAME_KEY) ?? null;
  }

  /** Fetch the user of the browser's session. */
  async load(): Promise<void> {
    await this.#load();
  }

  /** Like `load`, but retries transient failures: while the user is unknown, the page hides the actions of hosts. */
  loadWithRetry = async (wait: (ms: number) => Promise<void>, random: () => number): Promise<void> => {
    for (let failures = 1; ; failures += 1) {
      const error = await this.#load();
      if (!shouldRetry(failures, error, SESSION_ATTEMPTS_MAX)) return;
      await wait(retryDelayMs(failures, error, random));
    }
  };

  /** Returns the problem if the server did not respond; null once it has. `isStored`: another tab has already stored the
   * user. Two tabs whose sessions differ, for example one in a frame, would otherwise answer each other for ever. */
  async #load(isStored = false): Promise<unknown> {
    const joins = this.#joins;
    try {
      const viewer = await this.api.me();
      if (joins !== this.#joins) return null; // the response is about the previous session
      if (!isStored) this.#keep(viewer);
      this.#signedIn(viewer);
      return null;
    } catch (error) {
      if (joins !== this.#joins) return null;
      this.#hasExpired = error instanceof Problem && error.code === "session_expired";
      if (error instanceof Problem && error.status === 401) {
        if (!isStored) this.#keepUserId("");
        this.#signedOut();
        // Unreachable does not mean signed out: keep the stored user until the first post shows otherwise.
      } else if (this.#state.viewer === undefined) {
        const remembered = this.#remembered();
        if (remembered === null) this.#signedOut();
        else this.#signedIn(remembered);
      }
      return error;
    }
  }

  /** Call now if there is a user, otherwise once there is one. */
  withName = (call: () => void): void => {
    if (this.#state.viewer) {
      call();
      return;
    }
    this.#then = [...this.#then.slice(1 - CALLS_MAX), call];
    this.requireName();
  };

  /** Like `withName`, but repeats the call once under a new session if the old one has expired. Throws what `call` throws. */
  withSession = async (call: () => Promise<void>): Promise<void> => {
    await new Promise<void>((named) => this.withName(named));
    try {
      await call();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      await this.load();
      if (!this.#state.viewer) this.#hasExpired = true; // a lost session is renewed under the remembered nickname, too
      await new Promise<void>((named) => this.withName(named));
      await call();
    }
  };

  /** Get a user, if there is none. An expired session is renewed under the remembered nickname. The reader is asked if there
   * is no such nickname or the server refuses it. */
  requireName = (): void => {
    const { viewer } = this.#state;
    if (viewer) return;
    if (viewer === undefined) this.#needsName = true;
    else if (this.#hasExpired) void this.#renewOrAsk();
    else if (!this.#isRenewing && !this.#state.isAskingForName) this.#set({ isAskingForName: true });
  };

  cancel = (): void => {
    this.#then = [];
    this.#needsName = false;
    this.#set({ isAskingForName: false, renewalRefusal: null });
  };

  /** Create a session. Throws the server's Problem when it refuses. Outside this class use joinWithRetry. */
  join = async (nickname: string): Promise<void> => {
    await this.alone(async () => {
      const session = await this.api.createSession(nickname);
      this.#joins += 1;
      this.#keep(session.user);
      this.keepToken(session.token);
      this.#signedIn(session.user);
    });
  };

  /** Like `join`, but retries transient refusals a limited number of times, each time with the current nickname. `wait`
   * throws once the reader has left. */
  joinWithRetry = async (
    nickname: () => string,
    wait: (ms: number, reason: unknown) => Promise<void>,
    random: () => number,
  ): Promise<void> => {
    for (let failures = 1; ; failures += 1) {
      try {
        await this.join(nickname());
        return;
      } catch (error) {
        if (!shouldRetry(failures, error, SESSION_ATTEMPTS_MAX)) throw error;
        await wait(retryDelayMs(failures, error, random), error);
      }
    }
  };

  /** End this session, or all sessions of the user, and clear what is stored about them. Throws the server's Problem. */
  signOut = (everywhere: boolean): Promise<void> =>
    this.signOutBy(everywhere ? this.api.endAllSessions : this.api.endSession);

  /** The same by another call that ends this session. */
  signOutBy = async (end: () => Promise<void>): Promise<void> => {
    await this.alone(async () => {
      try {
        await end();
      } catch (error) {
        // The session had already ended.
        if (!(error instanceof Problem) || error.status !== 401) throw error;
      }
      this.#forget();
    });
  };

  /** Whether the browser's session still belongs to this user, as far as the stored user id tells. */
  isStillUser(userId: string): boolean {
    return (this.storage?.getItem(USER_KEY) ?? userId) === userId;
  }

  /** Another tab has joined or signed out. */
  onStorageEvent = (event: Pick<StorageEvent, "key" | "newValue">): void => {
    if (event.key !== USER_KEY || event.newValue === (this.#state.viewer?.id ?? "")) return;
    void this.#load(true);
  };

  /** The browser shows the page again from its back-forward cache, where storage events are lost. */
  onPageShow = ({ persisted }: Pick<PageTransitionEvent, "persisted">): void => {
    if (persisted) this.onStorageEvent({ key: USER_KEY, newValue: this.storage?.getItem(USER_KEY) ?? "" });
  };

  #remembered(): Author | null {
    const id = this.storage?.getItem(USER_KEY);
    const nickname = this.rememberedNickname;
    return id && nickname !== null ? { id, nickname } : null;
  }

  #keep({ id, nickname }: Author): void {
    try {
      this.storage?.setItem(NICKNAME_KEY, nickname);
    } catch {
      // Storage is full: the reader is asked for the nickname again.
    }
    this.#keepUserId(id);
  }

  #keepUserId(id: string): void {
    try {
      this.storage?.setItem(USER_KEY, id);
    } catch {
      this.storage?.removeItem(USER_KEY); // unknown is safer than another user's id
    }
  }

  #signedIn(viewer: Author): void {
    this.#needsName = false;
    this.#set({ viewer, isAskingForName: false, renewalRefusal: null });
    const calls = this.#then;
    this.#then = [];
    for (const call of calls) call();
  }

  #signedOut(): void {
    const needsName = this.#needsName;
    this.#needsName = false;
    this.#set({ viewer: null });
    if (needsName) this.requireName();
  }

  #forget(): void {
    this.#then = [];
    this.#hasExpired = false;
    this.keepToken(null);
    const { storage } = this;
    if (storage !== null) {
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
      for (const key of keys) if (READER_KEYS.test(key)) storage.removeItem(key);
    }
    this.#keepUserId(""); // notifies the other tabs
    this.#set({ viewer: null, isAskingForName: false, renewalRefusal: null });
    this.#signOutListeners.notify();
  }

  /** Create a session under the remembered nickname. If the server refuses for a moment, the nickname prompt shows when the
   * next attempt follows. */
  async #renewOrAsk(): Promise<void> {
    this.#hasExpired = false;
    const nickname = this.rememberedNickname;
    let renewalRefusal: Problem | null = null;
    if (nickname !== null) {
      this.#isRenewing = true;
      try {
        await this.join(nickname);
      } catch (error) {
        if (error instanceof Problem && error.isTransient) renewalRefusal = error;
      }
      this.#isRenewing = false;
    }
    if (!this.#state.viewer) this.#set({ isAskingForName: true, renewalRefusal });
  }

  #set(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}
