/** The question for a nickname: what is in its field, and the attempt to join. It outlives the form, so that a reader who
 * looks into another room meanwhile keeps both. */
import { Problem } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import { Listeners } from "@/lib/listeners";
import type { NetworkReturn } from "@/lib/network-return";
import { suggestedNickname } from "@/lib/suggested-nickname";
import { nameProblem, type TextProblem } from "@/lib/text/allowed-characters";
import type { SessionStore } from "./session-store";

export const NICKNAME_MAX = 32; // code points, as the server counts them

export interface JoiningState {
  readonly nickname: string;
  readonly status: "asking" | "joining" | "waiting" | "refused";
  /** Why the browser refused the nickname. */
  readonly textProblem: TextProblem | null;
  /** Why the server refused. */
  readonly problem: Problem | null;
  /** When a waiting attempt is repeated, in the time of the app's clock. */
  readonly retryAtMs: number | null;
}

export interface JoiningDependencies {
  readonly session: SessionStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly network: Pick<NetworkReturn, "wait">;
}

const IDLE = { status: "asking", textProblem: null, problem: null, retryAtMs: null } as const;

export class Joining {
  #state: JoiningState = { nickname: "", ...IDLE };
  #isOpen = false;
  #stop = () => {};
  readonly #listeners = new Listeners();

  constructor(private readonly deps: JoiningDependencies) {
    deps.session.subscribe(() => {
      const { isAskingForName } = deps.session.getSnapshot();
      if (isAskingForName === this.#isOpen) return;
      this.#isOpen = isAskingForName;
      this.#stop();
      const nickname = isAskingForName
        ? (deps.session.rememberedNickname ?? suggestedNickname(deps.random))
        : "";
      this.#set({ nickname, ...IDLE });
    });
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): JoiningState => this.#state;

  setNickname = (nickname: string): void => this.#set({ nickname });

  suggest = (): void => this.#set({ nickname: suggestedNickname(this.deps.random) });

  /** Join under the nickname in the field. While too many join, wait for the server's time and retry. */
  join = async (): Promise<void> => {
    const { session, clock, random, network } = this.deps;
    const nickname = this.#state.nickname.trim();
    if (nickname === "" || this.#state.status === "joining") return;
    const textProblem = nameProblem(nickname, NICKNAME_MAX);
    if (textProblem !== null) {
      this.#set({ ...IDLE, status: "refused", textProblem });
      return;
    }
    this.#stop();
    const attempt = new AbortController();
    this.#stop = () => attempt.abort();
    const wait = async (ms: number, reason: unknown) => {
      attempt.signal.throwIfAborted();
      const problem = reason instanceof Problem ? reason : null;
      this.#set({ status: "waiting", problem, retryAtMs: clock.now() + ms });
      await network.wait(ms, attempt.signal);
      this.#set({ status: "joining", retryAtMs: null });
    };
    this.#set({ ...IDLE, status: "joining" });
    try {
      await session.joinWithRetry(() => this.#state.nickname.trim(), wait, random);
    } catch (error) {
      if (attempt.signal.aborted) return;
      this.#set({ ...IDLE, status: "refused", problem: error instanceof Problem ? error : null });
    }
  };

  #set(change: Partial<JoiningState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}
