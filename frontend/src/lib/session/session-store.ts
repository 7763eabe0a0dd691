/** The signed-in user of this browser: none at first, the nickname is asked for when the reader writes something. */
import type { ChatApi } from "@/lib/api/chat-api";
import { Problem } from "@/lib/api/problem";
import { shouldRetry, retryDelayMs } from "@/lib/api/retries";
import type { Author } from "@/lib/contract/types";
import { Listeners } from "@/lib/listeners";

const NICKNAME_KEY = "hotchat.nickname";
/** The user id of the browser's session, shared by all tabs. */
const USER_KEY = "hotchat.user";
const READER_KEYS = /^hotchat\.(?:nickname|user|token|read|notify|(?:draft|edit|pin-hidden)(?:\..*)?)$/;

export const CALLS_MAX = 20; // overflow rule OLDEST: a call that waits for a name is dropped
/** Attempts to join or to load the session: about 25 minutes. Of a thousand people behind one address, who may join at 60
 * a minute, the last one needs 17. */
export const SESSION_ATTEMPTS_MAX = 100;

export interface SessionState {
  /** Undefined until the server has answered. */
  readonly viewer: Author | null | undefined;
  /** The reader wants to write and has no nickname yet. */
  readonly isAskingForName: boolean;
  /** Why an expired session could not be renewed yet: the reader joins again by itself, under the remembered nickname. */
  readonly renewalRefusal: Problem | null;
}

export class SessionStore {
  #state: SessionState = { viewer: undefined, isAskingForName: false, renewalRefusal: null };
  #then: (() => void)[] = [];
  #hasExpired = false;
  /** A name is needed once the server has said that there is no session. */
  #needsName = false;
  #isRenewing = false;
  #joins = 0;
  readonly #listeners = new Listeners();
  readonly #signOutListeners = new Listeners();

  constructor(
    private readonly api: Pick<ChatApi, "me" | "createSession" | "endSession" | "endAllSessions">,
    private readonly storage: Storage | null,
    /** Receives the token of each new session; a browser that sends its cookie needs none. */
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

  /** Asks the server who this browser is. */
  async load(): Promise<void> {
    await this.#load();
  }

  /** As load, but retries a transient failure: without a user, the room's owner would not see the owner's actions. */
  loadWithRetry = async (wait: (ms: number) => Promise<void>, random: () => number): Promise<void> => {
    for (let failures = 1; ; failures += 1) {
      const error = await this.#load();
      if (!shouldRetry(failures, error, SESSION_ATTEMPTS_MAX)) return;
      await wait(retryDelayMs(failures, error, random));
    }
  };

  /** Returns why the server did not say; null once it has. */
  async #load(): Promise<unknown> {
    const joins = this.#joins;
    try {
      const viewer = await this.api.me();
      if (joins !== this.#joins) return null; // the answer is about the session before
      this.#keep(viewer);
      this.#signedIn(viewer);
      return null;
    } catch (error) {
      if (joins !== this.#joins) return null;
      this.#hasExpired = error instanceof Problem && error.code === "session_expired";
      if (error instanceof Problem && error.status === 401) {
        this.#keepUserId("");
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

  /** Call now if there is a user, else once there is one. */
  withName = (call: () => void): void => {
    if (this.#state.viewer) {
      call();
      return;
    }
    this.#then = [...this.#then.slice(1 - CALLS_MAX), call];
    this.requireName();
  };

  /** As withName, and once more under a new session if the old one has expired. Throws what `call` throws. */
  withSession = async (call: () => Promise<void>): Promise<void> => {
    await new Promise<void>((named) => this.withName(named));
    try {
      await call();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      await this.load();
      if (!this.#state.viewer) this.#hasExpired = true; // also a lost session is renewed under the remembered nickname
      await new Promise<void>((named) => this.withName(named));
      await call();
    }
  };

  /** Get a user, if there is none. An expired session is renewed under the remembered nickname; the reader is asked where
   * there is none, or the server refuses it. */
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

  /** As join, but retries transient refusals a limited number of times, each time under the nickname of that moment.
   * `wait` throws when the reader has left. */
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
  signOut = async (everywhere: boolean): Promise<void> => {
    await this.alone(async () => {
      try {
        await (everywhere ? this.api.endAllSessions() : this.api.endSession());
      } catch (error) {
        // The session had already ended.
        if (!(error instanceof Problem) || error.status !== 401) throw error;
      }
      this.#forget();
    });
  };

  /** Whether the browser's session is still this user's, as far as any tab has stored. */
  isStillUser(userId: string): boolean {
    return (this.storage?.getItem(USER_KEY) ?? userId) === userId;
  }

  /** Another tab has joined or signed out. */
  onStorageEvent = (event: Pick<StorageEvent, "key" | "newValue">): void => {
    if (event.key !== USER_KEY || event.newValue === (this.#state.viewer?.id ?? "")) return;
    void this.load();
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
      // Storage is full: the nickname is asked for again.
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

  /** Create a session under the remembered nickname. While the server refuses that for a moment, the question for a name
   * shows when the next attempt follows. */
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
