/** The form that makes the reader the owner of a room by its recovery code. A reader without a session joins first. */
import type { HostApi } from "@/lib/api/host-api";
import { Problem, unreachable } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import { Listeners } from "@/lib/listeners";
import type { NetworkReturn } from "@/lib/network-return";
import { callAsUser } from "@/lib/session/call-as-user";
import { NICKNAME_MAX } from "@/lib/session/joining";
import type { SessionStore } from "@/lib/session/session-store";
import { shownWait } from "@/lib/session/shown-wait";
import { suggestedNickname } from "@/lib/suggested-nickname";
import { nameProblem, type TextProblem } from "@/lib/text/allowed-characters";

export interface RoomRecoveryState {
  readonly nickname: string;
  /** False for a reader with a session, and while that is unknown. */
  readonly needsNickname: boolean;
  readonly status: "asking" | "recovering" | "waiting" | "refused" | "recovered";
  /** Why the browser refused the nickname. */
  readonly nicknameProblem: TextProblem | null;
  /** Why the server refused. */
  readonly problem: Problem | null;
  /** When a refused attempt to join is repeated, in the time of the app's clock. */
  readonly retryAtMs: number | null;
  /** The next recovery code, once the reader owns the room. Null also if they are not its owner any more by then. */
  readonly nextCode: string | null;
}

export interface RoomRecoveryDependencies {
  readonly api: Pick<HostApi, "recover">;
  readonly session: SessionStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly network: Pick<NetworkReturn, "wait">;
  readonly roomId: string;
  readonly code: string;
}

const IDLE = { status: "asking", nicknameProblem: null, problem: null, retryAtMs: null } as const;

export class RoomRecovery {
  #state: RoomRecoveryState;
  #stop = () => {};
  #unsubscribe = () => {};
  readonly #listeners = new Listeners(
    () => {
      this.#unsubscribe = this.deps.session.subscribe(this.#sessionChanged);
      this.#sessionChanged(); // the session may have changed since
    },
    () => this.#unsubscribe(),
  );

  constructor(private readonly deps: RoomRecoveryDependencies) {
    const { session, random } = deps;
    this.#state = {
      nickname: session.rememberedNickname ?? suggestedNickname(random),
      needsNickname: this.#isNobody(),
      nextCode: null,
      ...IDLE,
    };
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): RoomRecoveryState => this.#state;

  setNickname = (nickname: string): void => this.#set({ nickname, nicknameProblem: null });

  /** Become the owner. While too many join, wait for the server's time and join then. */
  recover = async (): Promise<void> => {
    const { nickname, needsNickname, status } = this.#state;
    if (status === "recovering" || status === "recovered") return;
    const nicknameProblem = needsNickname ? nameProblem(nickname, NICKNAME_MAX) : null;
    if (nicknameProblem !== null) {
      this.#set({ ...IDLE, status: "refused", nicknameProblem });
      return;
    }
    this.#stop();
    const attempt = new AbortController();
    this.#stop = () => attempt.abort();
    this.#set({ ...IDLE, status: "recovering" });
    try {
      const { recovery_code } = await this.#joinAndRecover(attempt.signal);
      // Also in a form that is closed meanwhile: the earlier code has ended.
      this.#set({ ...IDLE, status: "recovered", nextCode: recovery_code });
    } catch (error) {
      if (attempt.signal.aborted) return;
      this.#set({ ...IDLE, status: "refused", problem: error instanceof Problem ? error : unreachable() });
    }
  };

  /** The reader has closed the form. */
  stop = (): void => this.#stop();

  #joinAndRecover(signal: AbortSignal) {
    const { api, session, random, roomId, code } = this.deps;
    const wait = shownWait(this.deps, signal, (shown) =>
      this.#set(shown === null ? { status: "recovering", retryAtMs: null } : { status: "waiting", ...shown }),
    );
    return callAsUser(
      session,
      () => session.joinWithRetry(() => this.#state.nickname.trim(), wait, random),
      () => api.recover(roomId, code),
    );
  }

  #sessionChanged = (): void => {
    const needsNickname = this.#isNobody();
    if (needsNickname !== this.#state.needsNickname) this.#set({ needsNickname });
  };

  #isNobody(): boolean {
    return this.deps.session.getSnapshot().viewer === null;
  }

  #set(change: Partial<RoomRecoveryState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}
