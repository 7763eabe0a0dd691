/** Who this browser is. Nobody at first: the name is asked when something is written. */
import type { ChatApi } from "@/lib/api/chat-api";
import { Problem } from "@/lib/api/problem";
import type { Author } from "@/lib/contract/types";
import { Listeners } from "@/lib/listeners";

const NICKNAME_KEY = "hotchat.nickname";

export interface SessionState {
  /** Undefined until the server has been asked. */
  readonly viewer: Author | null | undefined;
  /** Somebody wants to write and has no name yet. */
  readonly isAsking: boolean;
}

export class SessionStore {
  #state: SessionState = { viewer: undefined, isAsking: false };
  #then: (() => void)[] = [];
  #hasExpired = false;
  readonly #listeners = new Listeners();

  constructor(
    private readonly api: Pick<ChatApi, "me" | "createSession">,
    private readonly storage: Storage | null,
    /** Hears the token of each new session; a browser that sends its cookie needs none. */
    private readonly keepToken: (token: string) => void = () => {},
  ) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): SessionState => this.#state;

  get rememberedNickname(): string | null {
    return this.storage?.getItem(NICKNAME_KEY) ?? null;
  }

  async load(): Promise<void> {
    try {
      this.#set({ viewer: await this.api.me() });
    } catch (error) {
      this.#hasExpired = error instanceof Problem && error.code === "session_expired";
      // Away is not signed out: reading goes on, and the first post finds out.
      if (this.#state.viewer === undefined || (error instanceof Problem && error.status === 401)) {
        this.#set({ viewer: null });
      }
    }
  }

  /** Do it now if there is a name, else once one has been given. */
  withName = (call: () => void): void => {
    if (this.#state.viewer) {
      call();
      return;
    }
    this.#then.push(call);
    if (this.#hasExpired) void this.#renewOrAsk();
    else this.#set({ isAsking: true });
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

  ask = (): void => this.#set({ isAsking: true });

  cancel = (): void => {
    this.#then = [];
    this.#set({ isAsking: false });
  };

  /** Throws the server's Problem when it does not take the name. */
  join = async (nickname: string): Promise<void> => {
    const session = await this.api.createSession(nickname);
    this.storage?.setItem(NICKNAME_KEY, session.user.nickname);
    this.keepToken(session.token);
    const calls = this.#then;
    this.#then = [];
    this.#set({ viewer: session.user, isAsking: false });
    for (const call of calls) call();
  };

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
    if (!(await this.renew())) this.#set({ isAsking: true });
  }

  #set(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}
