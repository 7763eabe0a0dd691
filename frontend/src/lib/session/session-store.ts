/** Who this browser is. Nobody at first: the name is asked when something is written. */
import type { ChatApi } from "@/lib/api/chat-api";
import { Problem } from "@/lib/api/problem";
import { shouldRetry, retryDelayMs } from "@/lib/api/retries";
import type { Author } from "@/lib/contract/types";
import { Listeners } from "@/lib/listeners";

const NICKNAME_KEY = "hotchat.nickname";
/** Whose the browser's cookie is, for all tabs. */
const USER_KEY = "hotchat.user";
const READER_KEYS = /^hotchat\.(?:nickname|user|token|draft\..*|read|notify|pin-hidden\..*)$/;

export const CALLS_MAX = 20; // overflow rule OLDEST: a call that waits for a name is dropped

export interface SessionState {
  /** Undefined until the server has been asked. */
  readonly viewer: Author | null | undefined;
  /** Somebody wants to write and has no name yet. */
  readonly isAskingForName: boolean;
}

export class SessionStore {
  #state: SessionState = { viewer: undefined, isAskingForName: false };
  #then: (() => void)[] = [];
  #hasExpired = false;
  readonly #listeners = new Listeners();

  constructor(
    private readonly api: Pick<ChatApi, "me" | "createSession" | "endSession" | "endAllSessions">,
    private readonly storage: Storage | null,
    /** Hears the token of each new session; a browser that sends its cookie needs none. */
    private readonly keepToken: (token: string | null) => void = () => {},
    /** Do it while no tab sends anything under the session before. */
    private readonly alone: (work: () => Promise<void>) => Promise<void> = (work) => work(),
  ) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): SessionState => this.#state;

  get rememberedNickname(): string | null {
    return this.storage?.getItem(NICKNAME_KEY) ?? null;
  }

  async load(): Promise<void> {
    try {
      const viewer = await this.api.me();
      this.#keep(viewer);
      this.#set({ viewer });
    } catch (error) {
      this.#hasExpired = error instanceof Problem && error.code === "session_expired";
      if (error instanceof Problem && error.status === 401) {
        this.#keepUserId("");
        this.#set({ viewer: null });
        // Away is not signed out: reading goes on, and the first post finds out.
      } else if (this.#state.viewer === undefined) this.#set({ viewer: this.#remembered() });
    }
  }

  /** Do it now if there is a name, else once one has been given. */
  withName = (call: () => void): void => {
    if (this.#state.viewer) {
      call();
      return;
    }
    this.#then = [...this.#then.slice(1 - CALLS_MAX), call];
    if (this.#hasExpired) void this.#renewOrAsk();
    else this.#set({ isAskingForName: true });
  };

  /** As withName, and once more under a new session when the old one has run out. Throws what `call` throws. */
  withSession = async (call: () => Promise<void>): Promise<void> => {
    await new Promise<void>((named) => this.withName(named));
    try {
      await call();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401 || !(await this.renew())) throw error;
      await call();
    }
  };

  ask = (): void => this.#set({ isAskingForName: true });

  cancel = (): void => {
    this.#then = [];
    this.#set({ isAskingForName: false });
  };

  /** Throws the server's Problem when it does not take the name. */
  join = async (nickname: string): Promise<void> => {
    await this.alone(async () => {
      const session = await this.api.createSession(nickname);
      this.#keep(session.user);
      this.keepToken(session.token);
      this.#set({ viewer: session.user, isAskingForName: false });
    });
    const calls = this.#then;
    this.#then = [];
    for (const call of calls) call();
  };

  /** As join, but a refusal for now is waited out, a few times. `wait` throws when nobody waits any longer. */
  joinWithRetry = async (
    nickname: string,
    wait: (ms: number, reason: unknown) => Promise<void>,
    random: () => number,
  ): Promise<void> => {
    for (let failures = 1; ; failures += 1) {
      try {
        await this.join(nickname);
        return;
      } catch (error) {
        if (!shouldRetry(failures, error)) throw error;
        await wait(retryDelayMs(failures, error, random), error);
      }
    }
  };

  /** End this session, or all of this person's, and forget who they were. Throws the server's Problem. */
  signOut = async (everywhere: boolean): Promise<void> => {
    await this.alone(async () => {
      try {
        await (everywhere ? this.api.endAllSessions() : this.api.endSession());
      } catch (error) {
        // It was over already.
        if (!(error instanceof Problem) || error.status !== 401) throw error;
      }
      this.#forget();
    });
  };

  /** Whether the browser's session is still this user's, as far as any tab knows. */
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
      // Full storage: the name is asked for once more.
    }
    this.#keepUserId(id);
  }

  #keepUserId(id: string): void {
    try {
      this.storage?.setItem(USER_KEY, id);
    } catch {
      this.storage?.removeItem(USER_KEY); // better unknown than another's
    }
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
    this.#keepUserId(""); // tells the other tabs
    this.#set({ viewer: null, isAskingForName: false });
  }

  /** A new session under the name from before, without asking; false where there is none or it is not taken. */
  renew = async (): Promise<boolean> => {
    const nickname = this.rememberedNickname;
    if (nickname === null) return false;
    try {
      await this.join(nickname);
      return true;
    } catch {
      return false;
    }
  };

  /** One who had a name is not asked again when only their time is over. */
  async #renewOrAsk(): Promise<void> {
    this.#hasExpired = false;
    if (!(await this.renew())) this.#set({ isAskingForName: true });
  }

  #set(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}
