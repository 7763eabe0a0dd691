/** The nickname prompt: the text in its field, and the attempt to join. It outlives the form, so both are kept when the
 * reader visits another room. */
import { Problem } from "@/lib/api/problem";
import { retryDelayMs } from "@/lib/api/retries";
import type { Clock } from "@/lib/clock";
import { Listeners } from "@/lib/listeners";
import type { NetworkReturn } from "@/lib/network-return";
import { suggestedNickname } from "@/lib/suggested-nickname";
import { nameProblem, type TextProblem } from "@/lib/text/allowed-characters";
import type { SessionStore } from "./session-store";
import { shownWait } from "./shown-wait";

export const NICKNAME_MAX = 32; // code points, as the server counts them

export interface JoiningState {
  readonly nickname: string;
  readonly status: "asking" | "joining" | "waiting" | "refused";
  /** Why the browser refused the nickname. */
  readonly textProblem: TextProblem | null;
  /** Why the server refused. */
  readonly problem: Problem | null;
  /** When a waiting attempt is retried, on the app's clock. */
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
    const sessionChanged = () => {
      const { isAskingForName, renewalRefusal } = deps.session.getSnapshot();
      if (isAskingForName === this.#isOpen) return;
      this.#isOpen = isAskingForName;
      this.#stop();
      const nickname = isAskingForName
        ? (deps.session.rememberedNickname ?? suggestedNickname(deps.random))
        : "";
      this.#set({ nickname, ...IDLE });
      if (renewalRefusal !== null) void this.join(renewalRefusal);
    };
    deps.session.subscribe(sessionChanged);
    sessionChanged(); // the nickname may have been asked for already
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): JoiningState => this.#state;

  setNickname = (nickname: string): void => this.#set({ nickname });

  suggest = (): void => this.#set({ nickname: suggestedNickname(this.deps.random) });

  /** Join under the nickname in the field. While too many people join, wait as long as the server says and retry.
   * `refusal`: the problem of an attempt that has just been refused. */
  join = async (refusal: Problem | null = null): Promise<void> => {
    const { session, random } = this.deps;
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
    const wait = shownWait(this.deps, attempt.signal, (shown) =>
      this.#set(shown === null ? { status: "joining", retryAtMs: null } : { status: "waiting", ...shown }),
    );
    this.#set({ ...IDLE, status: "joining" });
    try {
      if (refusal !== null) await wait(retryDelayMs(1, refusal, random), refusal);
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
